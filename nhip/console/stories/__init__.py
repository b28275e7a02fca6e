"""Composing stories: an editor of blocks that works without scripts."""

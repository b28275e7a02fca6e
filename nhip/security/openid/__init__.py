"""Signing in by an identity provider: OpenID Connect Core 1.0 as a relying party, with a profile for each provider."""

"""From delivered text to the agreed form, with a record of every change."""

"""The consent ledger: what people agreed to, in which words, and what they took back."""

from nhip.privacy.consents.service import has_consent

__all__ = ["has_consent"]

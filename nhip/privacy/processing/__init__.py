"""The register of processing (sổ đăng ký hoạt động xử lý dữ liệu cá nhân)."""

from nhip.privacy.processing.model import Entry, LegalBasis, Processing
from nhip.privacy.processing.service import list_for_dataset

__all__ = ["Entry", "LegalBasis", "Processing", "list_for_dataset"]

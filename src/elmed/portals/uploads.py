"""How much somebody may send with a form: nothing larger is read, so that no upload fills the disk.

Named in config/settings.py, asked by Django before the first byte of a multipart body. What a file may be is judged
where it is used (inventory/images.py, inventory/csv_files.py).
"""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MAX_BODY = 6 * 1024 * 1024  # the largest file that any form takes is 5 MB


class Limited(FileUploadHandler):
    """Refuses a body by the length that it announces; without a length Django reads none."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *_: Any, **__: Any) -> None:  # noqa: ARG002, N803
        """Raise RequestDataTooBig, which Django answers with 400 before the view."""
        if content_length > MAX_BODY:
            raise RequestDataTooBig("Larger than any form takes.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        """Hand it on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler keeps the file."""

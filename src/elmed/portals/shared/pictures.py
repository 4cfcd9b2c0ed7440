"""A product's picture, for anybody who has its address: shops and their customers. It says nothing of anybody.

The address is made of the picture's own bytes, so it may be kept for good; it is never run, whatever it holds.
"""

from django.http import Http404, HttpRequest, HttpResponse

from elmed.core.refusals import NotVisible
from elmed.inventory import images
from elmed.portals.page import public_page

HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@public_page
def picture(_request: HttpRequest, sha256: str, extension: str) -> HttpResponse:
    """The picture."""
    try:
        image = images.load(sha256, extension)
    except NotVisible:
        raise Http404 from None
    return HttpResponse(bytes(image.data), content_type=image.content_type, headers=HEADERS)

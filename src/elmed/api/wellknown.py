"""What others fetch to check our seals: every public sealing key, old ones too."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from elmed.prescriptions import seal


@require_safe
def sealing_keys(_request: HttpRequest) -> JsonResponse:
    """`/.well-known/elmed-keys.json`: `{"keys": [{"key_id", "algorithm", "public_key"}]}`, raw public keys in base64."""
    return JsonResponse({"keys": seal.public_keys()}, headers={"Cache-Control": "public, max-age=3600"})

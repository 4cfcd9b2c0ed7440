"""Run beside the demo, on its data: the request log of the key with this name, as JSON."""

import json
import sys

import django

django.setup()

from elmed.request_log.models import LoggedRequest  # noqa: E402

rows = LoggedRequest.objects.filter(key__name=sys.argv[1]).order_by("at", "pk")
print(json.dumps(list(rows.values_list("method", "path", "status"))))

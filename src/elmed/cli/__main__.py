"""`python -m elmed.cli`: the same as `elmed`."""

import sys

from elmed.cli.main import main

sys.exit(main())

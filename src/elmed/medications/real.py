"""No signature on demonstration data in production. Pure: the caller says what the medicines are and where it runs."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from elmed.core.refusals import NotNow


def require_real(demonstration: Iterable[bool], *, production: bool, allowed: bool) -> None:
    """Raise NotNow (`demonstration_formulary`) where a line's medicine is demonstration data and that is not allowed.

    `demonstration` is `medicine.source.demonstration` of each line that has a medicine; `allowed` is the setting
    FORMULARY_ALLOW_DEMONSTRATION.
    """
    if production and not allowed and any(demonstration):
        raise NotNow(
            "demonstration_formulary",
            _(
                "This medicine comes from demonstration data, which is not for clinical use. "
                "Choose it from the real formulary, or write it as free text."
            ),
        )

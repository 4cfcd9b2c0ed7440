"""What every form of the portals shares: plain accessible widgets, refusals turned into messages, sent only once.

A form of a page derives from PortalForm; one that acts on a prescription from VersionedForm, which carries the
version the person looked at. `attempt` runs an act and keeps what was typed where it is refused.
"""

import re
import secrets
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

from allauth.core import context as current
from django import forms
from django.core.cache import cache
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.core import quantities
from elmed.core.refusals import Invalid, NotNow, Refusal, VersionConflict
from elmed.portals import kept, refused

T = TypeVar("T")
_NUMBER = gettext_lazy("A number above zero such as 28 or 0.5, with at most three decimals.")
# They turn the order of letters and digits round: what is read would not be what is stored and sealed.
_turns_round = RegexValidator(
    r"[\u202a-\u202e\u2066-\u2069]",
    gettext_lazy("It holds invisible characters that change the direction of writing."),
    inverse_match=True,
)
FIRST_YEAR, LAST_YEAR = 1880, 2199
_A_DAY = 24 * 3600
_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxSelectMultiple, "form-check-input"),
    (forms.RadioSelect, "form-check-input"),
    (forms.CheckboxInput, "form-check-input"),
    (forms.Select, "form-select"),
    (forms.HiddenInput, ""),
    (forms.Widget, "form-control"),
)
_TYPED = (forms.TextInput, forms.EmailInput, forms.URLInput, forms.Textarea)


class DateInput(forms.DateInput):
    """A day, with the browser's own calendar; typed as YYYY-MM-DD without one."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        """Always in the one format that the browser's field understands."""
        super().__init__(format="%Y-%m-%d", **kwargs)


class MomentInput(forms.DateTimeInput):
    """A day and a time, with the browser's own field."""

    input_type = "datetime-local"

    def __init__(self, **kwargs: Any) -> None:
        """Always in the one format that the browser's field understands."""
        super().__init__(format="%Y-%m-%dT%H:%M", **kwargs)


class DayField(forms.DateField):
    """A day between 1880 and 2199: what lies outside is a slip, and past the end of the calendar time cannot be reckoned."""

    widget = DateInput

    def validate(self, value: date | None) -> None:
        """As Django's, and the range."""
        super().validate(value)
        if value is not None and not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise forms.ValidationError(_("Not a possible date."))


class MomentField(forms.DateTimeField):
    """A moment of the same range, in the jurisdiction's time zone."""

    widget = MomentInput

    def to_python(self, value: Any) -> datetime | None:
        """As Django's, and the range; judged before the time zone is applied."""
        if isinstance(value, str) and value.strip() and not value.strip().startswith(("19", "20", "21")):
            raise forms.ValidationError(_("Not a possible moment."))
        return super().to_python(value)


def quantity_of(text: str) -> int:
    """Thousandths of a quantity as people type it: `28.50` and `028` too. Raises ValidationError."""
    words = text.strip()
    words = words.lstrip("0") if re.fullmatch(r"0+[1-9][0-9.]*", words) else words
    words = words.rstrip("0").rstrip(".") if re.fullmatch(r"[0-9]+\.[0-9]*", words) else words
    try:
        return quantities.parse(words)
    except ValueError as error:
        raise forms.ValidationError(_NUMBER) from error


# What to do, where something is missing and "Fill this in." (apps.py) is not it.
_MISSING: tuple[tuple[type[forms.Widget], Any], ...] = (
    (forms.CheckboxSelectMultiple, gettext_lazy("Choose at least one.")),
    (forms.RadioSelect, gettext_lazy("Choose one.")),
    (forms.Select, gettext_lazy("Choose one.")),
    (forms.CheckboxInput, gettext_lazy("Tick this to go on.")),
    (forms.FileInput, gettext_lazy("Choose a file.")),
    (DateInput, gettext_lazy("Give a day.")),
)


def dress(form: forms.BaseForm) -> None:
    """Give each widget the stylesheet's class, let no text turn its own order round, and each run as it is written.

    `dir=auto`: a dose, a reference or a name in Latin letters reads left to right in a page that runs the other way.
    Where something is missing, its message says what to do.
    """
    for field in form.fields.values():
        missing = next((words for kind, words in _MISSING if isinstance(field.widget, kind)), None)
        if missing and field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
            field.error_messages = field.error_messages | {"required": missing}
        if isinstance(field, forms.CharField):
            field.validators = [*field.validators, _turns_round]
        if isinstance(field.widget, _TYPED) and not isinstance(field.widget, forms.DateInput | forms.DateTimeInput):
            field.widget.attrs.setdefault("dir", "auto")
        css = next(css for kind, css in _CLASSES if isinstance(field.widget, kind))
        field.widget.attrs.setdefault("class", css)


def problems(form: forms.BaseForm, where: str = "") -> list[tuple[str, str]]:
    """(anchor, words) of everything wrong with a form, for the summary at the top of its page; `where` stands before each."""
    found = [("", f"{where}{error}") for error in form.non_field_errors()]
    for field in form:
        colon = "" if field.label.endswith(("?", "؟")) else ":"
        anchor, label = ("", "") if field.is_hidden else (field.id_for_label or field.auto_id, f"{field.label}{colon} ")
        found += [(anchor, f"{where}{label}{error}") for error in field.errors]
    return found


class KeepingForm(forms.Form):
    """A form that begins with what its person sent in vain, where they come back to it (kept.py)."""

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        """As Django's, but for what was kept."""
        data = None if self.is_bound else kept.of(current.request)
        there, value = kept.fills(self, field, field_name, data) if data is not None else (False, None)
        return value if there else super().get_initial_for_field(field, field_name)


class PortalForm(KeepingForm):
    """A form of a page."""

    field_of: dict[str, str] = {}  # pointers of refusals whose field has another name here

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Dress the widgets; the page's summary is the only place that asks for required fields."""
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        self.status = 200
        dress(self)

    def is_valid(self) -> bool:
        """As Django's, and the answer's status where it is not."""
        valid = super().is_valid()
        if self.is_bound and not valid and self.status == 200:
            self.status = 422
        return valid

    def attempt(self, act: Callable[[], T]) -> T | None:
        """Run the act. Where it is refused for what was sent or for now: None, the words in the form, nothing lost."""
        try:
            return act()
        except Invalid as refusal:
            for error in refusal.errors:
                self.point(error["pointer"], self.said(error))
            self.status = refusal.status
        except (NotNow, VersionConflict) as refusal:
            self.tell(refusal)
        return None

    def said(self, error: dict[str, str]) -> str:
        """What is told of one error: its own words, but for a form that has others for some codes."""
        return error["detail"]

    def tell(self, refusal: Refusal) -> None:
        """Put a refusal into the summary."""
        self.add_error(None, refused.words_of(refusal))
        self.status = refusal.status

    def point(self, pointer: str, detail: str) -> None:
        """Put a message at the field that a JSON pointer names, or into the summary."""
        name = self.field_of.get(pointer) or re.split("/", pointer.lstrip("/"))[0]
        self.add_error(name if name in self.fields else None, refused.in_words(detail))


class VersionedForm(PortalForm):
    """A form about a prescription: it acts only on the version that its page showed."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class OnceForm(PortalForm):
    """A form that makes something new: however often it is sent, it is made once.

    Each page carries a token of its own; sending it takes the token, and `already_sent` says so to whoever comes second.
    """

    once = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep the token that was sent; a page that shows again what was sent in vain has that page's."""
        super().__init__(*args, **kwargs)
        self.fresh = kept.guard(None if self.is_bound else current.request, "once", secrets.token_urlsafe(18))

    def already_sent(self) -> bool:
        """Take the token of a valid form; True where it was taken before."""
        return not cache.add(self._token(), 1, _A_DAY)

    def attempt(self, act: Callable[[], T]) -> T | None:
        """As every form's; what was refused was not made, so the token is free again."""
        done = None
        try:
            done = super().attempt(act)
        finally:  # also where it broke: whoever sends it again is not told that it is done
            if done is None:
                self.not_done()
        return done

    def not_done(self) -> None:
        """Nothing was made: the token may be taken again."""
        cache.delete_many([self._token()])

    def _token(self) -> str:
        return f"portal-form:{self.cleaned_data['once']}"

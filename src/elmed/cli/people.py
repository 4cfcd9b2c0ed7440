"""People from the command line: made with a password, or with a link to choose one. For `setup` and `accounts`."""

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse

from elmed.accounts.models import Person
from elmed.core.refusals import Invalid


def find_person(email: str) -> Person | None:
    """The person with that address, in any case."""
    return Person.objects.filter(email__iexact=email.strip()).first()


def make_person(*, email: str, name: str, password: str | None) -> Person:
    """A new person whose address counts as confirmed: whoever runs this command vouches for it.

    Raises Invalid: not an address, taken, no name, a weak password.
    """
    errors = []
    try:
        validate_email(email.strip())
    except ValidationError:
        errors.append({"pointer": "/email", "code": "invalid_email", "detail": "This is not an e-mail address."})
    if find_person(email) is not None:
        errors.append({"pointer": "/email", "code": "taken", "detail": "Somebody with this address exists."})
    if not name.strip():
        errors.append({"pointer": "/name", "code": "required", "detail": "Give the person's name."})
    if password is not None:
        try:
            validate_password(password, Person(email=email, name=name))
        except ValidationError as error:
            errors.append({"pointer": "/password", "code": "weak_password", "detail": " ".join(error.messages)})
    if errors:
        raise Invalid(errors)
    person = Person.objects.create_user(email=email, password=password, name=name.strip())
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def password_link(person: Person) -> str:
    """Where this person chooses a password; the link works once, and for three days."""
    key = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    path: str = reverse("account_reset_password_from_key", kwargs=key)
    return f"{settings.BASE_URL}{path}"

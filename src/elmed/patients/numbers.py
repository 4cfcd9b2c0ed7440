"""How a patient's numbers are stored and compared: 943 476 5919 and 9434765919 are one, however they are typed."""


def closed_up(number: str) -> str:
    """A health number as it is stored: without spaces."""
    return "".join(number.split())


def bare(number: str) -> str:
    """What of a health number or a phone is compared: letters, digits and the plus; no spaces, hyphens and brackets."""
    return "".join(one for one in number.casefold() if one.isalnum() or one == "+")

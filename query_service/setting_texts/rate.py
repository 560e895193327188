"""Rates of requests as texts: `600/minute`, or several with semicolons."""


def checked_rate(text: str) -> str:
    """The text. Raises ValueError for what is no rate."""
    from limits import parse_many

    if text:
        try:
            parse_many(text)
        except ValueError:
            raise ValueError(
                f"{text!r} is no rate: write 600/minute, or 10/second;600/minute"
            ) from None
    return text

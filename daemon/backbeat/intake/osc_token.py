"""The word that other computers have to say: the first two arguments of each of their messages, `token` and the word.

    /backbeat/transcribe  s:token s:WORD s:path ...

It travels in every message, because the address of a UDP sender proves nothing. Nothing is encrypted: it keeps out mistakes, and
those who cannot listen on the network, not those who can.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from ipaddress import ip_address

from backbeat.osc import OscMessage

NAME = "token"


class TokenRefused(ValueError):
    """Raised when another computer's message has no token, or a wrong one; the sentence is for its sender."""


class TokenCheck:
    """token: what other computers have to send; None asks for nothing. This computer never has to."""

    def __init__(self, token: str | None) -> None:
        self._token = None if token is None else token.encode()

    def checked(self, message: OscMessage, host: str) -> OscMessage:
        """The message without its token. Raises TokenRefused, for this computer too when its token is wrong."""
        given = _given(message)
        if given is None:
            if self._token is not None and not is_this_computer(host):
                raise TokenRefused("other computers have to send osc.token: the word token and its value, before all else")
            return message
        # Compared in a time that does not tell how much of it was right.
        if self._token is not None and not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self._token):
            raise TokenRefused("this is not the daemon's osc.token")
        return replace(message, arguments=message.arguments[2:])

    def hidden(self, text: str) -> str:
        """`text` without the token, which stands in it when somebody sent it in the wrong place."""
        return text if self._token is None else text.replace(self._token.decode(), "(token)")


def with_token(arguments: tuple[str, ...], token: str | None, host: str) -> tuple[str, ...]:
    """The arguments as `host` wants them: with the token in front where that is another computer."""
    return arguments if token is None or is_this_computer(host) else (NAME, token, *arguments)


def is_this_computer(host: str) -> bool:
    """Whether an address, in digits, is a loopback address; a name is not."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _given(message: OscMessage) -> str | None:
    if len(message.arguments) < 2 or message.arguments[0] != NAME or not isinstance(message.arguments[1], str):
        return None
    return str(message.arguments[1])

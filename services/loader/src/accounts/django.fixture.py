"""
Django itself, and verifiers that are not ours.

    python3 django.fixture.py    {"passwords": [...]} on stdin: every hash that this Django makes of them, and one of nobody's password
    python3 django.fixture.py verify    [{"hash", "password"}, ...] on stdin: whether bcrypt's and argon2's own modules accept each
"""
import inspect
import json
import sys

import argon2
import bcrypt
from django.conf import settings

settings.configure()
from django.contrib.auth import hashers  # noqa: E402


def all_hashers():
    """Whatever classes this release has, in its own order, so that a newer Django brings its newer forms."""
    for cls in vars(hashers).values():
        if inspect.isclass(cls) and getattr(cls, "algorithm", None):
            hasher = cls()
            # What costs seconds is a number in the text: the form is the same with a small one.
            for cost, least in {"rounds": 4, "iterations": 1000, "memory_cost": 1024}.items():
                if hasattr(hasher, cost):
                    setattr(hasher, cost, least)
            yield hasher


def encoded(hasher, password):
    # An unsalted algorithm takes no salt; crypt takes two characters of its own making.
    salt = "" if hasher.algorithm.startswith("unsalted") else hasher.salt()
    return hasher.encode(password, salt)


def make(passwords):
    for hasher in all_hashers():
        for password in passwords:
            try:
                text = encoded(hasher, password)
            except (TypeError, ValueError):
                continue  # crypt takes no text beyond ASCII in some releases
            yield {"algorithm": hasher.algorithm, "password": password, "encoded": text}
    for encoded_text in (hashers.make_password(None), hashers.make_password("")):
        yield {"algorithm": "unusable" if encoded_text.startswith("!") else "default", "password": "", "encoded": encoded_text}


def accepts(text, password):
    if text.startswith("$argon2"):
        try:
            return argon2.PasswordHasher().verify(text, password)
        except argon2.exceptions.VerifyMismatchError:
            return False
    return bcrypt.checkpw(password.encode(), text.encode())


asked = json.load(sys.stdin)
if sys.argv[1:] == ["verify"]:
    print(json.dumps([accepts(one["hash"], one["password"]) for one in asked]))
else:
    print(json.dumps(list(make(asked["passwords"]))))

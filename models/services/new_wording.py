"""A new version of a licence's SOP and wording is put in force by an admin, after a step-up for that very version."""

from __future__ import annotations

from models.catalogue import LicenceDefinition
from models.rules.roles import ADMIN, Actor, require_role
from models.services.definitions import load_definitions
from models.services.sign_in import SignInRoom
from models.services.step_up import Shown, prove, subject_of


def wording_subject(definition: LicenceDefinition) -> str:
    """What the step-up is for: these bytes of this version."""
    sop = definition.sop
    return subject_of("wording", [sop.licence_code, sop.version, definition.sha256])


def put_in_force(room: SignInRoom, actor: Actor, definition: LicenceDefinition, shown: Shown) -> None:
    """Raises Forbidden, WrongPassphrase (nothing has moved), DefinitionError when the version is stored already."""
    require_role(actor, ADMIN)
    prove(room, actor, wording_subject(definition), shown)
    load_definitions(room.db, room.clock, [definition], actor)

"""The four roles, each with everything the one before may do."""

from typing import Final

from django.contrib.auth.models import Group, Permission

VIEWER: Final = ("cases.view_case", "alerts.view_alert")
RESPONDER: Final = (*VIEWER, "cases.change_case", "alerts.acknowledge_alert", "outbox.view_outboxmessage")
LEAD: Final = (*RESPONDER, "cases.lead_case", "alerts.resolve_alert", "alerts.mute_alert")
ADMIN: Final = (*LEAD, "outbox.change_outboxmessage")

ROLES: Final[dict[str, tuple[str, ...]]] = {"viewer": VIEWER, "responder": RESPONDER, "lead": LEAD, "admin": ADMIN}


def write_roles() -> None:
    """Make the groups of the database say what this file says."""
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for role, names in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        # While an older database is migrated step by step, a permission may not exist yet.
        group.permissions.set([known[name] for name in names if name in known])

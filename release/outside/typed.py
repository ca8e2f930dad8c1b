"""Code of somebody else's project that every type checker must take."""

import rtcp


def first_name(emulator_url: str) -> str | None:
    with rtcp.Client.for_emulator(emulator_url, sandbox="dev", retries=2) as client:
        jane: rtcp.Entity = client.entities.get("jane@example.com", namespace="Email")
        for hit in client.entities.get_many(["jane@example.com"], namespace="Email", on_missing="yield"):
            if hit.error is None:
                print(hit.identity, hit.entity.identities)
        name = rtcp.xdm_get(jane.entity, "person.name.firstName")
    return name if isinstance(name, str) else None

"""Somebody's program in a container of its own; RTCP_EMULATOR says where the emulator is."""

import rtcp

with rtcp.Client() as client:
    jane = client.entities.get("jane@example.com", namespace="Email")
    print(rtcp.xdm_get(jane.entity, "person.name.firstName"), "was found by another container")

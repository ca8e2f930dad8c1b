"""What Airflow asks of a provider: its connection type with the form, and its links."""

from __future__ import annotations

from typing import Any, Final

CONNECTION_TYPE: Final = "adobe_rtcp"
HOOK_NAME: Final = "Adobe Real-Time Customer Profile"

# Field of the form: label, JSON type, what it means.
FIELDS: Final = {
    "org_id": ("Organisation", "string", "IMS organisation id, such as 1234@AdobeOrg"),
    "scopes": ("Scopes", "string", "of the credential, separated by commas"),
    "sandbox": ("Sandbox", "string", "name of the sandbox; prod when empty"),
    "sandbox_id": ("Sandbox id", "string", "for organisations on AWS; 'auto' looks it up by the name"),
    "base_url": ("Platform URL", "string", "empty: https://platform.adobe.io"),
    "ims_url": ("IMS URL", "string", "empty: https://ims-na1.adobelogin.com"),
    "streaming_url": ("Streaming URL", "string", "empty: https://dcs.adobedc.net"),
    "timeout": ("Time-out", "number", "seconds for one request; 60 when empty"),
    "retries": ("Retries", "integer", "how often a request is sent again; 5 when empty"),
}
BEHAVIOUR: Final[dict[str, Any]] = {
    "hidden_fields": ["host", "schema", "port"],
    "relabeling": {"login": "Client ID", "password": "Client secret"},
    "placeholders": {"login": "of the OAuth Server-to-Server credential"},
}


def get_provider_info() -> dict[str, Any]:
    """The provider in the words of Airflow's schema."""
    return {
        "package-name": "rtcp",
        "name": HOOK_NAME,
        "description": "Exports, delete requests, computed attributes and ingestion of the Profile service.",
        "connection-types": [
            {
                "connection-type": CONNECTION_TYPE,
                "hook-class-name": "rtcp.airflow.hook.RtcpHook",
                "hook-name": HOOK_NAME,
                "ui-field-behaviour": {name.replace("_", "-"): value for name, value in BEHAVIOUR.items()},
                "conn-fields": {
                    name: {"label": label, "description": text, "schema": {"type": [kind, "null"]}}
                    for name, (label, kind, text) in FIELDS.items()
                },
            }
        ],
        "extra-links": ["rtcp.airflow.links.RtcpJobLink"],
    }

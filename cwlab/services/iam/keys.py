"""Access keys of users, and the account's name and summary."""

from __future__ import annotations

from cwlab.api import Call, operation
from cwlab.arn import GLOBAL, access_key_id
from cwlab.errors import AwsError
from cwlab.services.iam.common import KEYS_LIMIT, USER, Answer, page, user, users
from cwlab.services.iam.records import AccessKey, replace
from cwlab.timeline import to_datetime

SECRET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _key(call: Call, name: str | None, key_id: str) -> AccessKey:
    found = call.table("keys").get(key_id)
    if found is None or found.user != user(call, name).name:
        raise AwsError("NoSuchEntity", f"The Access Key with id {key_id} cannot be found.", 404)
    return found


@operation("iam", "CreateAccessKey", resource=USER, region=GLOBAL)
def create_access_key(call: Call, *, UserName: str | None = None) -> Answer:
    owner, table = user(call, UserName).name, call.table("keys")
    if sum(key.user == owner for key in table.values()) >= KEYS_LIMIT:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {KEYS_LIMIT}", 409)
    made = AccessKey(access_key_id("AKIA", call.account, call.unique("", 10)), owner, call.now_ms)
    table[made.id] = made
    return {
        "AccessKey": {
            "UserName": owner,
            "AccessKeyId": made.id,
            "Status": "Active",
            "SecretAccessKey": call.unique("", 40, SECRET),
            "CreateDate": call.now,
        }
    }


@operation("iam", "ListAccessKeys", resource=USER, readonly=True, region=GLOBAL)
def list_access_keys(
    call: Call, *, UserName: str | None = None, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    owner = user(call, UserName).name
    found = [(each.id, each) for each in call.table("keys").values() if each.user == owner]
    return page(
        found,
        "AccessKeyMetadata",
        lambda each: {
            "UserName": owner,
            "AccessKeyId": each.id,
            "Status": "Active" if each.active else "Inactive",
            "CreateDate": to_datetime(each.created_ms),
        },
        Marker,
        MaxItems,
    )


@operation("iam", "UpdateAccessKey", resource=USER, region=GLOBAL)
def update_access_key(call: Call, *, AccessKeyId: str, Status: str, UserName: str | None = None) -> None:
    call.table("keys")[AccessKeyId] = replace(_key(call, UserName, AccessKeyId), active=Status == "Active")


@operation("iam", "DeleteAccessKey", resource=USER, region=GLOBAL)
def delete_access_key(call: Call, *, AccessKeyId: str, UserName: str | None = None) -> None:
    del call.table("keys")[_key(call, UserName, AccessKeyId).id]


@operation("iam", "CreateAccountAlias", region=GLOBAL)
def create_account_alias(call: Call, *, AccountAlias: str) -> None:
    call.table("account")["alias"] = AccountAlias


@operation("iam", "DeleteAccountAlias", region=GLOBAL)
def delete_account_alias(call: Call, *, AccountAlias: str) -> None:
    if call.table("account").get("alias") != AccountAlias:
        raise AwsError("NoSuchEntity", f"The account alias {AccountAlias} cannot be found.", 404)
    del call.table("account")["alias"]


@operation("iam", "ListAccountAliases", readonly=True, region=GLOBAL)
def list_account_aliases(call: Call, *, Marker: str | None = None, MaxItems: int | None = None) -> Answer:
    alias = call.table("account").get("alias")
    return {"AccountAliases": [alias] if alias else [], "IsTruncated": False}


@operation("iam", "GetAccountSummary", readonly=True, region=GLOBAL)
def get_account_summary(call: Call) -> Answer:
    counted = {
        "Users": len(users(call)),
        "Groups": len(call.table("groups")),
        "Roles": len(call.table("roles")),
        "Policies": len(call.table("policies")),
        "InstanceProfiles": len(call.table("profiles")),
        "AccessKeysPerUserQuota": KEYS_LIMIT,
        "UsersQuota": 5000,
        "GroupsQuota": 300,
        "RolesQuota": 1000,
        "PoliciesQuota": 1500,
        "InstanceProfilesQuota": 1000,
        "PolicySizeQuota": 6144,
        "AttachedPoliciesPerRoleQuota": 10,
        "VersionsPerPolicyQuota": 5,
        "AccountMFAEnabled": 0,
    }
    return {"SummaryMap": counted}

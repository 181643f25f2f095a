"""A key's life, its names, rotation, and how KMS refuses."""

from datetime import timedelta

import pytest

from cwlab import Lab
from cwlab.errors import NotModelled
from tests.services.kms.conftest import ACCOUNT, OTHER, OWN, document, refused

NOWHERE = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-1111-1111-1111-111111111111"


def state(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def test_what_a_new_key_is(lab, kms):
    told = kms.create_key(Description="for logs", Tags=[{"TagKey": "team", "TagValue": "shop"}])[
        "KeyMetadata"
    ]
    assert (told["KeyState"], told["Enabled"], told["KeyManager"]) == ("Enabled", True, "CUSTOMER")
    assert told["Arn"] == f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{told['KeyId']}"
    assert (told["Description"], told["CreationDate"]) == ("for logs", lab.now)
    for name in (told["KeyId"], told["Arn"]):
        again = kms.describe_key(KeyId=name)["KeyMetadata"]
        assert again == told
    assert kms.list_resource_tags(KeyId=told["KeyId"])["Tags"] == [{"TagKey": "team", "TagValue": "shop"}]
    assert kms.list_keys()["Keys"] == [{"KeyId": told["KeyId"], "KeyArn": told["Arn"]}]


@pytest.mark.parametrize(
    "given",
    [
        {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"},
        {"KeySpec": "HMAC_256"},
        {"Origin": "EXTERNAL"},
        {"MultiRegion": True},
        {"XksKeyId": "x"},
        {"CustomKeyStoreId": "cks-1"},
    ],
)
def test_other_keys_than_symmetric_ones_are_refused_by_name(kms, given):
    with pytest.raises(NotModelled, match=next(iter(reversed(given)))):
        kms.create_key(**given)
    with pytest.raises(NotModelled, match="kms:Sign"):
        kms.sign(KeyId=NOWHERE, Message=b"x", SigningAlgorithm="RSASSA_PSS_SHA_256")
    assert kms.list_keys()["Keys"] == []


def test_a_disabled_key_is_of_no_use_until_it_is_enabled(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    assert state(kms, key) == "Disabled"
    wanted = ("DisabledException", f"{key} is disabled.")
    assert refused(kms.decrypt, CiphertextBlob=blob) == wanted
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x") == wanted
    assert refused(kms.generate_data_key, KeyId=key, KeySpec="AES_256") == wanted
    assert refused(kms.enable_key_rotation, KeyId=key) == wanted
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_key_is_deleted_after_its_waiting_time_and_what_it_encrypted_is_lost(lab, kms, key):
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    blob = kms.encrypt(KeyId="alias/mine", Plaintext=b"x")["CiphertextBlob"]
    answer = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert answer["DeletionDate"] == lab.now + timedelta(days=7)
    assert (answer["KeyId"], answer["KeyState"]) == (key, "PendingDeletion")
    lab.advance(days=7, seconds=-1)
    told = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (told["KeyState"], told["Enabled"], told["DeletionDate"]) == (
        "PendingDeletion",
        False,
        lab.now + timedelta(seconds=1),
    )
    pending = ("KMSInvalidStateException", f"{key} is pending deletion.")
    for call, more in [
        (kms.encrypt, {"Plaintext": b"x"}),
        (kms.enable_key, {}),
        (kms.disable_key, {}),
        (kms.schedule_key_deletion, {}),
        (kms.update_key_description, {"Description": "x"}),
        (kms.tag_resource, {"Tags": []}),
        (kms.create_grant, {"GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:root", "Operations": ["Decrypt"]}),
    ]:
        assert refused(call, KeyId=key, **more) == pending
    assert refused(kms.decrypt, CiphertextBlob=blob) == pending
    assert kms.get_key_policy(KeyId=key)["PolicyName"] == "default"
    lab.advance(seconds=1)
    assert refused(kms.describe_key, KeyId=key) == ("NotFoundException", f"Key '{key}' does not exist")
    assert kms.list_aliases()["Aliases"] == [] == kms.list_keys()["Keys"]
    assert refused(kms.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"


def test_a_deletion_can_be_called_off(lab, kms, key):
    assert refused(kms.cancel_key_deletion, KeyId=key) == (
        "KMSInvalidStateException",
        f"{key} is not pending deletion.",
    )
    kms.schedule_key_deletion(KeyId=key)
    lab.advance(days=29)
    kms.cancel_key_deletion(KeyId=key)
    assert state(kms, key) == "Disabled"
    lab.advance(days=40)
    kms.enable_key(KeyId=key)
    assert state(kms, key) == "Enabled"


@pytest.mark.parametrize(("days", "word"), [(6, "greater"), (31, "less")])
def test_the_waiting_time_is_seven_to_thirty_days(kms, key, days, word):
    code, text = refused(kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=days)
    assert code == "ValidationException" and word in text


# Names ---------------------------------------------------------------------------------------------------------------


def test_an_alias_stands_for_a_key_and_can_be_moved(kms, key):
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    blob = kms.encrypt(KeyId="alias/app", Plaintext=b"x")["CiphertextBlob"]
    newer = kms.create_key()["KeyMetadata"]["Arn"]
    kms.update_alias(AliasName="alias/app", TargetKeyId=newer)
    assert kms.describe_key(KeyId="alias/app")["KeyMetadata"]["Arn"] == newer
    by_arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/app"
    assert kms.encrypt(KeyId=by_arn, Plaintext=b"x")["KeyId"] == newer
    assert kms.decrypt(CiphertextBlob=blob)["KeyId"] == key
    assert refused(kms.decrypt, CiphertextBlob=blob, KeyId="alias/app")[0] == "IncorrectKeyException"
    assert [a["AliasName"] for a in kms.list_aliases(KeyId=newer)["Aliases"]] == ["alias/app"]
    kms.delete_alias(AliasName="alias/app")
    assert refused(kms.describe_key, KeyId="alias/app") == (
        "NotFoundException",
        f"Alias {by_arn} is not found.",
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("app", "ValidationException"),
        ("alias/aws/sns", "NotAuthorizedException"),
        ("alias/a b", "ValidationException"),
        ("alias/app", "AlreadyExistsException"),
    ],
)
def test_what_cannot_be_an_alias(kms, key, name, code):
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    assert refused(kms.create_alias, AliasName=name, TargetKeyId=key)[0] == code


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nothing", ("NotFoundException", "Invalid keyId 'nothing'")),
        (NOWHERE, ("NotFoundException", f"Key '{NOWHERE}' does not exist")),
        (NOWHERE.replace("us-east-1", "eu-west-1"), ("NotFoundException", "Invalid arn eu-west-1")),
        ("arn:aws:sns:us-east-1:123456789012:x", ("InvalidArnException", "Invalid arn arn:aws:sns:us-east-1:123456789012:x")),
        ("arn:aws:kms", ("InvalidArnException", "Invalid arn arn:aws:kms")),
        ("alias/none", ("NotFoundException", f"Alias arn:aws:kms:us-east-1:{ACCOUNT}:alias/none is not found.")),
    ],
)  # fmt: skip
def test_what_is_no_key(kms, name, error):
    assert refused(kms.describe_key, KeyId=name) == error
    assert refused(kms.encrypt, KeyId=name, Plaintext=b"x") == error


def test_an_alias_is_no_name_for_managing_a_key(kms, key):
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    assert refused(kms.disable_key, KeyId="alias/app") == ("NotFoundException", "Invalid keyId 'alias/app'")


def test_the_key_of_a_service_comes_when_it_is_asked_for_and_is_not_yours_to_change(kms):
    told = kms.describe_key(KeyId="alias/aws/sns")["KeyMetadata"]
    assert (told["KeyManager"], told["Arn"]) == (
        "AWS",
        kms.describe_key(KeyId="alias/aws/sns")["KeyMetadata"]["Arn"],
    )
    assert [a["AliasName"] for a in kms.list_aliases()["Aliases"]] == ["alias/aws/sns"]
    assert kms.get_key_rotation_status(KeyId=told["KeyId"])["KeyRotationEnabled"]
    for call, more in [
        (kms.disable_key, {}),
        (kms.encrypt, {"Plaintext": b"x"}),
        (kms.put_key_policy, {"Policy": document(OWN)}),
    ]:
        assert refused(call, KeyId=told["KeyId"], **more)[0] == "AccessDeniedException"
    assert refused(kms.describe_key, KeyId="alias/aws/nothing")[0] == "NotFoundException"


# Encrypting ----------------------------------------------------------------------------------------------------------


def test_errors_of_encrypting_as_rows(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    second = kms.create_key()["KeyMetadata"]["Arn"]
    rows = [
        (kms.decrypt, {"CiphertextBlob": blob}, "InvalidCiphertextException", ""),
        (kms.decrypt, {"CiphertextBlob": blob, "EncryptionContext": {"a": "B"}}, "InvalidCiphertextException", ""),
        (kms.decrypt, {"CiphertextBlob": blob, "EncryptionContext": {"a": "b", "c": "d"}},
         "InvalidCiphertextException", ""),
        (kms.decrypt, {"CiphertextBlob": b"no"}, "InvalidCiphertextException", ""),
        (kms.decrypt, {"CiphertextBlob": blob[:-1] + b"!", "EncryptionContext": {"a": "b"}},
         "InvalidCiphertextException", ""),
        (kms.decrypt, {"CiphertextBlob": blob, "KeyId": second, "EncryptionContext": {"a": "b"}},
         "IncorrectKeyException",
         "The key ID in the request does not identify a CMK that can perform this operation."),
        (kms.encrypt, {"KeyId": key, "Plaintext": b"x" * 4097}, "ValidationException", None),
        (kms.encrypt, {"KeyId": key, "Plaintext": b"x", "EncryptionAlgorithm": "RSAES_OAEP_SHA_1"},
         "InvalidKeyUsageException", None),
        (kms.encrypt, {"KeyId": key, "Plaintext": b"x", "GrantTokens": ["x"]}, "InvalidGrantTokenException", None),
        (kms.encrypt, {"KeyId": key, "Plaintext": b"x", "DryRun": True}, "DryRunOperationException",
         "The request would have succeeded, but the DryRun option is set."),
        (kms.generate_data_key, {"KeyId": key}, "ValidationException",
         "Please specify either number of bytes or key spec."),
        (kms.generate_data_key, {"KeyId": key, "KeySpec": "AES_256", "NumberOfBytes": 8}, "ValidationException", None),
        (kms.generate_random, {}, "ValidationException", None),
        (kms.enable_key_rotation, {"KeyId": key, "RotationPeriodInDays": 91000}, "ValidationException", None),
        (kms.list_keys, {"Marker": "x"}, "InvalidMarkerException", None),
        (kms.get_key_policy, {"KeyId": key, "PolicyName": "other"}, "NotFoundException", "No such policy exists"),
        (kms.revoke_grant, {"KeyId": key, "GrantId": "0" * 64}, "NotFoundException", None),
        (kms.retire_grant, {}, "ValidationException", None),
        (kms.retire_grant, {"GrantToken": "x"}, "InvalidGrantTokenException", None),
        (kms.create_grant, {"KeyId": key, "GranteePrincipal": "ana", "Operations": ["Decrypt"]},
         "InvalidArnException", None),
    ]  # fmt: skip
    for call, params, code, text in rows:
        found = refused(call, **params)
        assert found[0] == code, (params, found)
        assert text is None or found[1] == text


def test_a_data_key_comes_open_and_sealed(kms, key):
    for more, size in [
        ({"KeySpec": "AES_256"}, 32),
        ({"KeySpec": "AES_128"}, 16),
        ({"NumberOfBytes": 1024}, 1024),
    ]:
        made = kms.generate_data_key(KeyId=key, EncryptionContext={"for": "me"}, **more)
        assert len(made["Plaintext"]) == size
        back = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"for": "me"})
        assert back["Plaintext"] == made["Plaintext"]
    only = kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256")
    assert "Plaintext" not in only
    assert len(kms.decrypt(CiphertextBlob=only["CiphertextBlob"])["Plaintext"]) == 32
    assert len(kms.generate_random(NumberOfBytes=33)["Plaintext"]) == 33


def test_re_encrypting_changes_key_and_context_and_shows_nothing(kms, key):
    second = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]
    moved = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext={"a": "1"},
        DestinationKeyId=second,
        DestinationEncryptionContext={"a": "2"},
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (key, second)
    assert (
        kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"a": "2"})["Plaintext"] == b"x"
    )


def test_a_ciphertext_is_of_its_region(lab, kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    code, text = refused(lab.client("kms", region="eu-west-1").decrypt, CiphertextBlob=blob)
    assert code == "AccessDeniedException" and "does not exist in this region" in text


# Rotation ------------------------------------------------------------------------------------------------------------


def test_rotation_changes_the_material_and_old_ciphertexts_stay_readable(lab, kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    material = kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert not kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    kms.enable_key_rotation(KeyId=key)
    told = kms.get_key_rotation_status(KeyId=key)
    assert (told["RotationPeriodInDays"], told["NextRotationDate"]) == (365, lab.now + timedelta(days=365))
    lab.advance(days=365)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"] != material
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"old"
    kms.rotate_key_on_demand(KeyId=key)
    kinds = [each["RotationType"] for each in kms.list_key_rotations(KeyId=key)["Rotations"]]
    assert kinds == ["AUTOMATIC", "ON_DEMAND"]
    kms.disable_key_rotation(KeyId=key)
    lab.advance(days=400)
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 2


def test_a_rotation_missed_while_disabled_is_made_up_for(lab, kms, key):
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    kms.disable_key(KeyId=key)
    lab.advance(days=200)
    assert kms.list_key_rotations(KeyId=key)["Rotations"] == []
    kms.enable_key(KeyId=key)
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 1
    lab.advance(days=70)
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 2


def test_lists_come_in_pages(kms):
    made = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5)}
    pages = list(kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Keys"]) for page in pages] == [2, 2, 1]
    assert {each["KeyId"] for page in pages for each in page["Keys"]} == made


def test_keys_are_of_their_account(lab, kms, key):
    other = lab.client("kms", account=OTHER)
    assert other.list_keys()["Keys"] == []
    assert refused(other.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"


def test_a_key_survives_saving_and_forking(tmp_path, lab, kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    lab.save(tmp_path / "keys.cwlab")
    for each in (Lab.open(tmp_path / "keys.cwlab"), lab.fork()):
        each.advance(days=91)
        twin = each.client("kms")
        assert twin.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        assert len(twin.list_key_rotations(KeyId=key)["Rotations"]) == 1
    assert kms.list_key_rotations(KeyId=key)["Rotations"] == []

"""Laws of ciphertexts: read with the same key and context, and with nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.services.kms import seal

KEY = "49ddfab5-9496-4264-a982-4d2cbe421993"
MATERIAL = st.binary(min_size=32, max_size=32)
CONTEXT = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)
NONCE = st.binary(min_size=seal.NONCE, max_size=seal.NONCE)


def shut(materials, nonce, text, context):
    return seal.sealed("123456789012", KEY, tuple(materials), nonce, text, context)


@given(st.lists(MATERIAL, min_size=1, max_size=3), NONCE, st.binary(max_size=200), CONTEXT, MATERIAL)
def test_what_is_sealed_opens_with_the_same_key_and_context_also_after_a_rotation(
    materials, nonce, text, context, newer
):
    parts = seal.parts(shut(materials, nonce, text, context))
    assert (parts.account, parts.key_id, parts.material) == ("123456789012", KEY, len(materials) - 1)
    assert seal.opened(parts, (*materials, newer), dict(reversed(context.items()))) == text


@given(MATERIAL, NONCE, st.binary(max_size=50), CONTEXT, CONTEXT, MATERIAL)
def test_another_context_or_key_opens_nothing(material, nonce, text, context, other, wrong):
    parts = seal.parts(shut([material], nonce, text, context))
    if other != context:
        assert seal.opened(parts, (material,), other) is None
    if wrong != material:
        assert seal.opened(parts, (wrong,), context) is None
    assert seal.opened(parts, (), context) is None


@given(MATERIAL, NONCE, st.binary(max_size=50), CONTEXT, st.integers(0, 10**6), st.integers(1, 255))
def test_a_changed_byte_is_noticed(material, nonce, text, context, where, change):
    blob = bytearray(shut([material], nonce, text, context))
    blob[where % len(blob)] ^= change
    parts = seal.parts(bytes(blob))
    if parts is not None and parts.key_id == KEY and parts.account == "123456789012":
        assert seal.opened(parts, (material,), context) is None


@given(st.binary(max_size=120))
def test_any_bytes_at_all_can_be_looked_at(blob):
    seal.parts(blob)
    seal.parts(seal.HEAD + blob)


@given(
    st.binary(min_size=1, max_size=40),
    st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=2),
)
def test_the_same_calls_make_the_same_ciphertext_and_it_is_never_the_text(text, context):
    def once():
        lab = Lab()
        kms = lab.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        two = [
            kms.encrypt(KeyId=key, Plaintext=text, EncryptionContext=context)["CiphertextBlob"]
            for _ in range(2)
        ]
        back = [kms.decrypt(CiphertextBlob=b, EncryptionContext=context)["Plaintext"] for b in two]
        assert back == [text, text] and two[0] != two[1]
        return two

    assert once() == once()

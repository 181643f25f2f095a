"""KMS: symmetric keys, who may use them, and what they encrypt.

``records`` what is stored · ``find`` which key a request means, its policy, the condition keys · ``seal`` the ciphertext,
pure · ``keys`` a key's life · ``rotation`` · ``policies`` · ``grants`` · ``aliases`` · ``tags`` · ``crypto`` encrypting and
decrypting · ``managed`` the keys AWS makes for its services · ``errors`` refusals in AWS's words.
"""

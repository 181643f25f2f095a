"""IAM: users, groups, roles and their policies; and step 2 of the door, which asks them.

``records`` what is stored · ``operations`` the API, in several short files · ``managed`` the AWS-managed policies ·
``lookup`` which policies a principal has · ``authorize`` step 2 of the door. The rules themselves are in ``cwlab.policy``.
"""

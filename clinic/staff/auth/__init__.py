"""The pages around the sign-in of staff: the first owner's set-up, accepting an invitation, one's own sessions.

Signing in itself (password, second factor, passkeys) is Flask-Security's, composed in `clinic.staff.sign_in`.
"""

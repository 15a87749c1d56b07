"""The pages around staff sign-in: the first owner's set-up, accepting an invitation, own sessions; and what protects
it: the device mark, counted attempts, and the forms.

Signing in itself (password, second factor, passkeys) is Flask-Security's: composed in `clinic.staff.auth.sign_in`, with its
settings in `clinic.staff.auth.flask_security_settings`.
"""

"""The pages around the sign-in of staff: the first owner's set-up, accepting an invitation, one's own sessions; and what
guards the sign-in: the mark of a browser that signed in before, counted attempts, and the forms.

Signing in itself (password, second factor, passkeys) is Flask-Security's, composed in `clinic.staff.auth.sign_in`.
"""

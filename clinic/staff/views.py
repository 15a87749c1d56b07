"""All pages of the staff, gathered for the composition: importing a module adds its pages to the blueprint."""

from clinic.staff import agenda, arrival, day_sheet, same_person, tasks, visits, waiting_list
from clinic.staff.auth import views as auth
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import move, new, repeat, series
from clinic.staff.calendar import free_time, moving, stamp
from clinic.staff.calendar import pages as calendar
from clinic.staff.clients import access_tab, barring, clinical_tabs, details, file, listing, merging
from clinic.staff.clinical import (
    check_ins,
    decisions,
    documents,
    fit_visit,
    incidents,
    look_backs,
    note_saving,
    notes,
    open_with_reason,
    reviews,
)
from clinic.staff.messaging import message_log, outbox, sending_paused
from clinic.staff.reports import pages as reports
from clinic.staff.settings import (
    absences,
    access,
    catalogue,
    data,
    guidance,
    hours,
    legal,
    letter_wording,
    location_photos,
    note_texts,
    online,
    outside_hours,
    practice,
    premises,
    profile,
    team,
    team_leaving,
    team_member,
    website,
)

PAGES = (
    agenda,
    day_sheet,
    tasks,
    calendar,
    free_time,
    moving,
    stamp,
    new,
    move,
    repeat,
    series,
    waiting_list,
    listing,
    file,
    clinical_tabs,
    access_tab,
    details,
    barring,
    merging,
    visits,
    arrival,
    reviews,
    decisions,
    fit_visit,
    notes,
    note_saving,
    look_backs,
    check_ins,
    documents,
    incidents,
    message_log,
    outbox,
    sending_paused,
    reports,
    open_with_reason,
    same_person,
    practice,
    outside_hours,
    premises,
    location_photos,
    profile,
    catalogue,
    hours,
    absences,
    letter_wording,
    legal,
    access,
    data,
    guidance,
    online,
    website,
    note_texts,
    team,
    team_member,
    team_leaving,
)

blueprints = (blueprint, *auth.blueprints)

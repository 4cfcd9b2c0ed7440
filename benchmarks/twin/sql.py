"""The twin's statements, written by hand for these three requests. Positional parameters, as asyncpg prepares them."""

AUTHENTICATE = """
WITH k AS MATERIALIZED (
    SELECT k.id, k.account_id, k.mode, k.scopes, k.allowed_ips, k.requests_per_minute,
           a.kind, a.state, a.test_world_id, w.clock_offset_seconds
    FROM access_apikey k JOIN accounts_account a ON a.id = k.account_id LEFT JOIN core_world w ON w.id = a.test_world_id
    WHERE k.digest = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
), r AS (
    INSERT INTO access_ratewindow AS r (key_id, opened_at, used, last_used_at) SELECT id, now(), 1, now() FROM k
    ON CONFLICT (key_id) DO UPDATE SET
        opened_at = CASE WHEN r.opened_at <= now() - interval '60 seconds' THEN now() ELSE r.opened_at END,
        used = CASE WHEN r.opened_at <= now() - interval '60 seconds' THEN 1
                    ELSE LEAST(r.used + 1, (SELECT requests_per_minute + 1 FROM k)) END,
        last_used_at = GREATEST(r.last_used_at, now())
    RETURNING used, extract(epoch FROM opened_at + interval '60 seconds' - now())::float8 AS seconds_left
)
SELECT k.*, r.used, r.seconds_left FROM k, r
"""


def _moment(column: str) -> str:
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


def _quantity(value: str) -> str:
    return f"trim_scale(({value}) / 1000.0)::text"


_LINE = f"""json_build_object('id', l.id,
    'medication', json_build_object('text', l.medication_text, 'code', l.medication_code, 'system', l.medication_system,
        'strength', l.strength, 'form', l.form, 'route', l.route),
    'dosage_instruction', l.dosage_text,
    'quantity', json_build_object('value', {_quantity("l.quantity_milli")}, 'unit', l.unit),
    'days_supply', l.days_supply,
    'substitution', json_build_object('allowed', l.substitution_allowed, 'reason', NULLIF(l.substitution_reason, '')),
    'quantity_dispensed', {_quantity("l.supplied_milli")},
    'quantity_remaining', {_quantity("l.quantity_milli - l.supplied_milli - l.closed_milli")},
    'quantity_reserved', {_quantity("l.reserved_milli")})"""

# The lines of a prescription, and whether anything of them may be supplied: one scan for both.
_LINES = f"""LATERAL (SELECT coalesce(json_agg({_LINE} ORDER BY l.position), '[]') AS body,
        bool_or(l.quantity_milli > l.supplied_milli + l.closed_milli + l.reserved_milli) AS available
    FROM prescriptions_prescriptionline l WHERE l.prescription_id = p.id) li"""


def _dispense(account: str) -> str:
    own = f"d.pharmacy_id = {account}"
    return f"""json_build_object('id', d.id, 'prescription_id', d.prescription_id, 'issue_number', d.issue_number,
    'lines', (SELECT coalesce(json_agg(json_build_object('medication_id', dl.line_id,
            'quantity', {_quantity("dl.quantity_milli")}, 'product_sku', dl.product_sku,
            'batch_number', dl.batch_number, 'expiry_date', to_char(dl.expiry_date, 'YYYY-MM-DD'),
            'substituted', dl.substituted, 'substitution_reason', NULLIF(dl.substitution_reason, '')) ORDER BY dl.id), '[]')
        FROM prescriptions_dispenseline dl WHERE dl.dispense_id = d.id),
    'pharmacy', json_build_object('id', dp.id, 'name', dp.name),
    'by', json_build_object('type', CASE WHEN d.key_id IS NULL THEN 'person' ELSE 'key' END,
        'id', coalesce(d.key_id, d.person_id)),
    'source', d.source, 'handed_over_at', {_moment("d.handed_over_at")}, 'recorded_at', {_moment("d.created_at")},
    'receiver', CASE WHEN {own} THEN NULLIF(d.receiver, '') END,
    'external_reference', CASE WHEN {own} THEN NULLIF(d.external_reference, '') END,
    'note', CASE WHEN {own} THEN NULLIF(d.note, '') END,
    'reversal', CASE WHEN r.id IS NULL THEN NULL ELSE json_build_object('reason_code', r.reason_code,
        'lines', (SELECT coalesce(json_agg(json_build_object('medication_id', bl.line_id,
                'quantity', {_quantity("bl.reversed_milli")}) ORDER BY bl.id), '[]')
            FROM prescriptions_dispenseline bl WHERE bl.dispense_id = d.id AND bl.reversed_milli > 0),
        'at', {_moment("r.created_at")},
        'by', json_build_object('type', CASE WHEN r.key_id IS NULL THEN 'person' ELSE 'key' END,
            'id', coalesce(r.key_id, r.person_id))) END)"""


_DISPENSES = (
    "prescriptions_dispense d JOIN accounts_account dp ON dp.id = d.pharmacy_id "
    "LEFT JOIN prescriptions_reversal r ON r.dispense_id = d.id"
)


def _prescription(*, account: str, full: bool) -> str:
    diagnosis = "'diagnosis', p.diagnosis," if full else ""
    rest = (
        f"""'dispenses', (SELECT coalesce(json_agg({_dispense(account)} ORDER BY d.id), '[]') FROM {_DISPENSES}
            WHERE d.prescription_id = p.id), 'notes', NULLIF(p.notes, ''),"""
        if full
        else ""
    )
    return f"""json_build_object('id', p.id, 'reference', p.reference, 'status', p.status,
    'status_reason', NULLIF(p.status_reason, ''), 'version', p.version,
    'prescriber', json_build_object('id', pr.id, 'name', pr.name, 'licence_number', pr.licence_number,
        'phone', NULLIF(pr.phone, '')),
    'patient', json_build_object('id', pa.id, 'name', pa.given_name || ' ' || pa.family_name,
        'date_of_birth', to_char(pa.date_of_birth, 'YYYY-MM-DD')),
    'pharmacy', CASE WHEN ph.id IS NULL THEN NULL ELSE json_build_object('id', ph.id, 'name', ph.name) END,
    {diagnosis} 'medications', li.body, {rest}
    'valid_from', to_char(p.valid_from, 'YYYY-MM-DD'), 'valid_until', to_char(p.valid_until, 'YYYY-MM-DD'),
    'repeats_allowed', p.repeats_allowed, 'repeats_remaining', p.repeats_allowed - p.issue_number + 1,
    'minimum_dispense_interval_days', p.minimum_dispense_interval_days,
    'next_dispense_at', {_moment("p.next_dispense_at")}, 'is_controlled', p.is_controlled, 'replaces', p.replaces_id,
    'issued_at', {_moment("p.issued_at")}, 'created_at', {_moment("p.created_at")}, 'updated_at', {_moment("p.updated_at")},
    'signature', CASE WHEN p.signed_at IS NULL THEN NULL ELSE json_build_object('algorithm', 'Ed25519',
        'key_id', p.signature_key_id, 'value', p.signature_value, 'signed_at', {_moment("p.signed_at")}) END)"""


# What a pharmacy's key may do: dispense while something is left and due, reverse an own dispense of the newest issue.
def _actions(*, account: str, now: str, may_dispense: str) -> str:
    return f"""CASE WHEN NOT {may_dispense} THEN '[]' ELSE '[' || concat_ws(', ',
        CASE WHEN p.status IN ('verified', 'partially_dispensed') AND p.pharmacy_id = {account} AND {now} < p.expires_at
                AND NOT p.is_controlled AND p.replaced_at IS NULL AND li.available
                AND {now} >= (p.valid_from::timestamp AT TIME ZONE 'Europe/London')
                AND (p.next_dispense_at IS NULL OR p.next_dispense_at <= {now})
                AND NOT EXISTS (SELECT 1 FROM prescriptions_prescription o WHERE o.id = p.replaces_id
                    AND o.status IN ('issued', 'pending_review', 'verified', 'partially_dispensed', 'on_hold'))
            THEN '"dispense"' END,
        CASE WHEN EXISTS (SELECT 1 FROM prescriptions_dispense d WHERE d.prescription_id = p.id
                AND d.pharmacy_id = {account} AND d.created_at >= {now} - interval '72 hours'
                AND NOT EXISTS (SELECT 1 FROM prescriptions_reversal r WHERE r.dispense_id = d.id)
                AND NOT EXISTS (SELECT 1 FROM prescriptions_dispense n WHERE n.prescription_id = p.id
                    AND n.issue_number > d.issue_number AND NOT n.void))
            THEN '"reverse"' END) || ']' END"""


_JOINS = """JOIN accounts_account pr ON pr.id = p.prescriber_id JOIN patients_patient pa ON pa.id = p.patient_id
    LEFT JOIN accounts_account ph ON ph.id = p.pharmacy_id"""


def _item(*, account: str, now: str, may_dispense: str, full: bool) -> str:
    return (
        f"left({_prescription(account=account, full=full)}::text, -1) || ', \"allowed_actions\": ' || "
        f"{_actions(account=account, now=now, may_dispense=may_dispense)} || '}}'"
    )


def _looked(rows: str, *, action: str, key: str, request: str) -> str:
    """The access record of this read, and the patients it names. $1 world, $2 account."""
    return f"""looked AS (INSERT INTO events_accessrecord
        (world_id, actor_account_id, actor_key_id, source, action, reason, request_id, created_at)
        SELECT $1, $2, {key}, 'api', '{action}', '', {request}, now() WHERE EXISTS (SELECT 1 FROM {rows}) RETURNING id),
    at_whom AS (INSERT INTO events_accessrecordpatient (record_id, patient_id)
        SELECT looked.id, s.patient_id FROM looked, (SELECT DISTINCT patient_id FROM {rows}) s)"""


# $1 world, $2 account, $3 how many, $4 key, $5 request id, $6 now, $7 whether it may dispense
LIST = f"""
WITH page AS MATERIALIZED (
    SELECT id, patient_id, row_number() OVER (ORDER BY id DESC) AS place FROM (
        (SELECT id, patient_id FROM prescriptions_prescription WHERE world_id = $1 AND pharmacy_id = $2
            ORDER BY id DESC LIMIT $3::int + 1)
        UNION
        (SELECT f.id, f.patient_id FROM prescriptions_formersupplier s JOIN prescriptions_prescription f
            ON f.id = s.prescription_id WHERE s.pharmacy_id = $2 AND f.world_id = $1 ORDER BY f.id DESC LIMIT $3::int + 1)
        ORDER BY id DESC LIMIT $3::int + 1) both_ways
), shown AS (SELECT id, patient_id, place FROM page WHERE place <= $3),
{_looked("shown", action="prescription.list", key="$4", request="$5")}
SELECT string_agg(item, ', ' ORDER BY place DESC), min(id), (SELECT count(*) > $3 FROM page) FROM (
    SELECT p.id, -shown.place AS place, {_item(account="$2", now="$6", may_dispense="$7", full=False)} AS item
    FROM shown JOIN prescriptions_prescription p ON p.id = shown.id {_JOINS}, {_LINES}) items
"""

_VISIBLE = """p.world_id = $1 AND (p.pharmacy_id = $2 OR EXISTS (SELECT 1 FROM prescriptions_formersupplier s
    WHERE s.pharmacy_id = $2 AND s.prescription_id = p.id))"""

# $1 world, $2 account, $3 prescription, $4 key, $5 request id, $6 now, $7 whether it may dispense
READ = f"""
WITH shown AS MATERIALIZED (SELECT p.id, p.patient_id FROM prescriptions_prescription p WHERE p.id = $3 AND {_VISIBLE}),
{_looked("shown", action="prescription.read", key="$4", request="$5")}
SELECT p.version, {_item(account="$2", now="$6", may_dispense="$7", full=True)}
FROM shown JOIN prescriptions_prescription p ON p.id = shown.id {_JOINS}, {_LINES}
"""

# $1 world, $2 account, $3 prescription: the row under lock, as it was signed, and what it replaces.
LOCK = f"""
SELECT p.*, pa.account_id AS patient_account_id,
       (SELECT o.status FROM prescriptions_prescription o WHERE o.id = p.replaces_id FOR UPDATE) AS replaced_status
FROM prescriptions_prescription p JOIN patients_patient pa ON pa.id = p.patient_id
WHERE p.id = $3 AND {_VISIBLE} FOR UPDATE OF p
"""

LINES = "SELECT * FROM prescriptions_prescriptionline WHERE prescription_id = $1 ORDER BY position"

# Everything that a dispense writes, in one statement. $1 world, $2 account, $3 prescription, $4 key, $5 request id,
# $6 now, $7 status after it, $8 line ids, $9 quantities, $10 accounts concerned in their order, $11 its external
# reference, $12 its receiver, $13 its note, $14 whether it ended, $15 now that the lock is held
WRITE = """
WITH d AS (
    INSERT INTO prescriptions_dispense (prescription_id, issue_number, pharmacy_id, key_id, source, handed_over_at,
        receiver, external_reference, note, created_at, fully_reversed, void)
    SELECT id, issue_number, $2, $4, 'api', $6, $12, $11, $13, $6, false, false
    FROM prescriptions_prescription WHERE id = $3 RETURNING id
), dl AS (
    INSERT INTO prescriptions_dispenseline (dispense_id, line_id, quantity_milli, substituted, substitution_reason,
        reversed_milli, restored_milli)
    SELECT d.id, w.line_id, w.quantity, false, '', 0, 0 FROM d, unnest($8::bigint[], $9::bigint[]) AS w(line_id, quantity)
), moved AS (
    UPDATE prescriptions_prescriptionline l SET supplied_milli = l.supplied_milli + w.quantity
    FROM unnest($8::bigint[], $9::bigint[]) AS w(line_id, quantity) WHERE l.id = w.line_id
), rx AS (
    UPDATE prescriptions_prescription SET status = $7, version = version + 1, updated_at = GREATEST(updated_at, $15),
        ended_at = CASE WHEN $14 THEN $6 END
    WHERE id = $3 RETURNING version
), e AS (
    INSERT INTO events_event (type, world_id, prescription_id, version, data, actor_account_id, actor_key_id, source,
        request_id, created_at)
    SELECT 'prescription.dispensed', $1, $3, rx.version, jsonb_build_object('status', $7::text, 'dispense_id', d.id),
        $2, $4, 'api', $5, $6 FROM rx, d RETURNING id
), c AS (
    INSERT INTO events_eventcounter (account_id, world_id, last) SELECT a, $1, 1 FROM unnest($10::bigint[]) a
    ON CONFLICT (account_id, world_id) DO UPDATE SET last = events_eventcounter.last + 1 RETURNING account_id, last
), listed AS (
    INSERT INTO events_eventlisting (event_id, account_id, world_id, sequence)
    SELECT e.id, c.account_id, $1, c.last FROM e, c
)
SELECT id FROM d
"""

# $1 world, $2 account, $3 prescription, $4 key, $5 request id, $6 now, $7 whether it may dispense, $8 the dispense
ANSWER = f"""
WITH shown AS MATERIALIZED (SELECT p.id, p.patient_id FROM prescriptions_prescription p WHERE p.id = $3),
{_looked("shown", action="prescription.dispense", key="$4", request="$5")}
SELECT '{{"prescription": ' || {_item(account="$2", now="$6", may_dispense="$7", full=True)} || ', "dispense": ' ||
    (SELECT {_dispense("$2")}::text FROM {_DISPENSES} WHERE d.id = $8) || '}}'
FROM shown JOIN prescriptions_prescription p ON p.id = shown.id {_JOINS}, {_LINES}
"""

package rollup

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"aiusage/db/column"
	"aiusage/db/pool"
	"aiusage/db/schema"
	"aiusage/db/where"
)

// Names of the triggers on ai_sessions.
const (
	onInsert = "aiusage_change_inserted"
	onUpdate = "aiusage_change_updated"
	onDelete = "aiusage_change_deleted"
)

// ownTriggers are those of the sums by level, formerTriggers those by which gateways of an
// earlier version record changes for their sums by hour.
var (
	ownTriggers    = []string{onInsert, onUpdate, onDelete}
	formerTriggers = []string{"aiusage_session_inserted", "aiusage_session_updated", "aiusage_session_deleted"}
)

// triggers are what has to happen on ai_sessions, by name. applied tells in the one
// on updates whether the server has stored the row (appliedBy).
//
// Session variables tell them to stay out where the writer appends the changes
// itself (package write) or wants the rollups to stay as they are (DropSessions). A gateway
// of an earlier version sets its own variable for both: what it imports is recorded here all
// the same, but what it deletes are sessions whose sums stay.
//
// Differences are signed; the casts are there because a negative number is an
// error where one of the columns is unsigned. A change of a session within its
// subject and quarter-hour is one row; one that changes nothing is none.
func triggers(applied string) map[string]string {
	row := func(of, sign string) string {
		return "(" + of + ".account_id, COALESCE(" + of + ".customer_id, ''), " + column.QuarterOf(of+".started_at") +
			", " + sign + "CAST(COALESCE(" + of + ".ai_minutes, 0) AS SIGNED)" +
			", " + sign + "CAST(COALESCE(" + of + ".duration_seconds, 0) AS SIGNED), " + sign + "1)"
	}
	difference := func(column string) string {
		return "CAST(COALESCE(NEW." + column + ", 0) AS SIGNED) - CAST(COALESCE(OLD." + column + ", 0) AS SIGNED)"
	}
	const insert = "INSERT INTO usage_changes (account_id, customer_id, quarter, minutes, seconds, sessions) VALUES "
	sameBucket := "OLD.account_id = NEW.account_id AND COALESCE(OLD.customer_id, '') = COALESCE(NEW.customer_id, '') AND " +
		column.QuarterOf("OLD.started_at") + " = " + column.QuarterOf("NEW.started_at")
	const sameAmount = "OLD.ai_minutes <=> NEW.ai_minutes AND OLD.duration_seconds <=> NEW.duration_seconds"
	return map[string]string{
		onInsert: recording("INSERT", insert+row("NEW", "")+";"),
		onDelete: recording("DELETE", insert+row("OLD", "-")+";"),
		onUpdate: recording("UPDATE", "IF "+sameBucket+" THEN "+
			"IF NOT ("+sameAmount+") AND "+applied+" THEN "+
			insert+"(NEW.account_id, COALESCE(NEW.customer_id, ''), "+column.QuarterOf("NEW.started_at")+", "+
			difference("ai_minutes")+", "+difference("duration_seconds")+", 0); END IF; "+
			"ELSEIF "+applied+" THEN "+insert+row("OLD", "-")+", "+row("NEW", "")+"; END IF;"),
	}
}

// recording makes statements a trigger that does not make a write fail. What cannot
// be recorded (an id that is longer than the rollups hold, a sum beyond its type, a
// table that is gone) makes reports read raw sessions, from the very transaction of
// the write on.
//
// Only where that cannot be told either, the write has to fail, or sums would be
// wrong without a word: MariaDB refuses both under LOCK TABLES ai_sessions (error
// 1442) when somebody has read the tables before. Without a state, nobody relies on
// sums.
func recording(event, statements string) string {
	recorded := "@" + pool.Recorded + " IS NULL"
	if event == "DELETE" {
		recorded += " AND @" + pool.Bulk + " IS NULL"
	}
	return recordedOn(event) + "BEGIN " +
		"DECLARE EXIT HANDLER FOR SQLEXCEPTION, " + strconv.Itoa(pool.ErDataTruncated) + " BEGIN " +
		"DECLARE EXIT HANDLER FOR " + strconv.Itoa(pool.ErNoSuchTable) + " BEGIN END; " +
		"UPDATE usage_level_state SET phase = 'raw', filled_to = NULL, reason = " + quoteText(cannotRecord) +
		" WHERE state_id = 1 AND phase <> 'raw'; END; " +
		"IF " + recorded + " THEN " + statements + " END IF; END"
}

// recordedOn is what stands before a trigger's body.
func recordedOn(event string) string { return "AFTER " + event + " ON ai_sessions FOR EACH ROW " }

// cannotRecord is the reason that triggers leave.
const cannotRecord = "a change of ai_sessions could not be recorded, for example because one of its values does not fit in usage_changes; " +
	"run the migrate command, which says what to do or makes the sums anew"

// appliedBy tells in a trigger on updates whether the server has stored the row.
// MariaDB runs triggers also for a row that UPDATE IGNORE passes over, because it
// meets another with its key, lacks what a foreign key asks for or has no
// partition. So the row is looked for by a key: under the new one there must be
// what was written, and under the old one nothing, if it is another. The reads
// lock, because others would see the state from before the transaction; the row is
// the writer's already.
func appliedBy(key []string) string {
	if len(key) == 0 {
		return "TRUE"
	}
	found := func(of string, conditions ...string) string {
		for _, part := range key {
			conditions = append(conditions, "s."+part+" = "+of+"."+part)
		}
		return "EXISTS (SELECT 1 FROM ai_sessions s WHERE " + strings.Join(conditions, " AND ") + " LOCK IN SHARE MODE)"
	}
	same := make([]string, 0, len(key))
	for _, part := range key {
		same = append(same, "OLD."+part+" = NEW."+part)
	}
	var stored []string
	for _, column := range recorded {
		stored = append(stored, "s."+column+" <=> NEW."+column)
	}
	return "(" + found("NEW", stored...) + " AND (" + strings.Join(same, " AND ") + " OR NOT " + found("OLD") + "))"
}

// recorded are the columns of ai_sessions that sums are made of.
var recorded = []string{"account_id", "customer_id", "started_at", "duration_seconds", "ai_minutes"}

// wantedTriggers returns the triggers that ai_sessions needs as it is. obstacle
// says why there can be none, if so.
func (r *Rollups) wantedTriggers(ctx context.Context) (wanted map[string]string, obstacle string, err error) {
	keys, err := schema.SessionKeys(ctx, r.db)
	if err != nil {
		return nil, "", err
	}
	for _, key := range keys {
		if !key.Nullable && !slices.Contains(key.Columns, "") {
			var columns []string
			for _, name := range key.Columns {
				columns = append(columns, quoteName(name))
			}
			return triggers(appliedBy(columns)), "", nil
		}
	}
	var refusals int
	err = r.db.GetContext(ctx, &refusals, `
		SELECT (SELECT COUNT(*) FROM information_schema.TABLE_CONSTRAINTS
		        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'ai_sessions') +
		       (SELECT COUNT(*) FROM information_schema.PARTITIONS
		        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'ai_sessions' AND PARTITION_NAME IS NOT NULL)`)
	if err != nil || refusals == 0 {
		return triggers(appliedBy(nil)), "", err
	}
	return nil, "ai_sessions has no primary key, and no other unique key without NULL, " +
		"so that a row which UPDATE IGNORE passes over cannot be told from one that it changes", nil
}

// missingTriggers names those of the wanted triggers that ai_sessions lacks, or has
// in another form: an earlier version's, or for keys that have changed since.
func (r *Rollups) missingTriggers(ctx context.Context, wanted map[string]string) ([]string, error) {
	var present []struct {
		Name, Event string
		Body        sql.NullString // NULL where this account may not see it
	}
	err := r.db.SelectContext(ctx, &present, `
		SELECT TRIGGER_NAME AS name, EVENT_MANIPULATION AS event, ACTION_STATEMENT AS body
		FROM information_schema.TRIGGERS
		WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = 'ai_sessions'`)
	if err != nil {
		return nil, err
	}
	missing := slices.Sorted(maps.Keys(wanted))
	shown := map[string]bool{}
	for _, trigger := range present {
		shown[trigger.Name] = true
		if !trigger.Body.Valid || wanted[trigger.Name] == recordedOn(trigger.Event)+trigger.Body.String {
			missing = slices.DeleteFunc(missing, func(name string) bool { return name == trigger.Name })
		}
	}
	for _, name := range slices.Clone(missing) {
		if shown[name] {
			continue
		}
		hidden, err := r.isHidden(ctx, name)
		if err != nil {
			return nil, err
		}
		if hidden {
			missing = slices.DeleteFunc(missing, func(one string) bool { return one == name })
		}
	}
	return missing, nil
}

// isHidden tells whether there is a trigger that this account may not see. An
// account that may not create triggers is shown none, but the server refuses to
// show one that exists in another way than one that does not.
func (r *Rollups) isHidden(ctx context.Context, trigger string) (bool, error) {
	rows, err := r.db.QueryContext(ctx, "SHOW CREATE TRIGGER "+trigger)
	if pool.HasNumber(err, pool.ErSpecificDenied, pool.ErTableAccessDenied) {
		return true, nil
	}
	if pool.HasNumber(err, pool.ErNoSuchTrigger, pool.ErUnknown) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return false, rows.Close() // it is on another table
}

// createTrigger creates one of the wanted triggers, or puts it in the place of another
// form of it. One that another gateway has created meanwhile stays: while it is being
// created anew, changes would be lost.
func (r *Rollups) createTrigger(ctx context.Context, name string, wanted map[string]string) error {
	create := "CREATE TRIGGER " + name + " " + wanted[name]
	return r.changingTriggers(ctx, func(conn *sqlx.Conn) error {
		_, err := conn.ExecContext(ctx, create)
		if !pool.HasNumber(err, pool.ErTriggerExists) {
			return err
		}
		missing, err := r.missingTriggers(ctx, wanted)
		if err != nil || !slices.Contains(missing, name) {
			return err
		}
		if _, err := conn.ExecContext(ctx, "DROP TRIGGER IF EXISTS "+name); err != nil {
			return err
		}
		_, err = conn.ExecContext(ctx, create)
		return err
	})
}

// presentTriggers returns those of the triggers that there are, also where this account
// may not see them.
func (r *Rollups) presentTriggers(ctx context.Context, names []string) (present []string, err error) {
	err = r.db.SelectContext(ctx, &present, `
		SELECT TRIGGER_NAME FROM information_schema.TRIGGERS
		WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME IN (`+where.Placeholders(len(names), 1)+`)`, where.Args(names)...)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if slices.Contains(present, name) {
			continue
		}
		hidden, err := r.isHidden(ctx, name)
		if err != nil {
			return nil, err
		}
		if hidden {
			present = append(present, name)
		}
	}
	return present, nil
}

// dropTriggers drops those of the triggers that there are. Of those that this account may
// not see, the server then says that it may not drop them.
func (r *Rollups) dropTriggers(ctx context.Context, names []string) error {
	present, err := r.presentTriggers(ctx, names)
	if err != nil || len(present) == 0 {
		return err
	}
	return r.changingTriggers(ctx, func(conn *sqlx.Conn) error {
		for _, name := range present {
			if _, err := conn.ExecContext(ctx, "DROP TRIGGER IF EXISTS "+name); err != nil {
				return err
			}
		}
		return nil
	})
}

// changingTriggers hands do a connection on which statements do not make writers
// wait for long: until transactions that use the table end, each waits for them and
// others for it.
func (r *Rollups) changingTriggers(ctx context.Context, do func(*sqlx.Conn) error) error {
	return pool.Retry(ctx, func() error {
		conn, err := r.db.Connx(ctx)
		if err != nil {
			return err
		}
		defer pool.Discard(conn) // with the changed settings
		// A trigger keeps the mode it was created in. In this one, functions of a date
		// that is none are NULL, and values that do not fit are errors.
		if _, err := conn.ExecContext(ctx, "SET lock_wait_timeout = 2, sql_mode = 'STRICT_ALL_TABLES'"); err != nil {
			return err
		}
		return do(conn)
	})
}

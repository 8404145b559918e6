package phase

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"aiusage/db/pool"
	"aiusage/usage"
)

// A Registered is a calendar as the database has it.
type Registered struct {
	No    int    `db:"calendar_no"`
	Zone  string `db:"zone"`
	Rules int64  `db:"rules"`
	Phase string `db:"phase"`
}

// Calendar returns the calendar, and whether its days begin here where they do for whoever
// registered it: another time zone database may know other rules, or not the zone at all.
func (r Registered) Calendar() (calendar usage.Calendar, same bool) {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return usage.Calendar{}, false
	}
	return usage.Calendar{No: r.No, Zone: zone}, usage.ZoneRules(zone) == r.Rules
}

// RegisteredCalendars returns the calendars in the database, without that of UTC, which is
// always there.
func RegisteredCalendars(ctx context.Context, db sqlx.QueryerContext) (registered []Registered, err error) {
	err = sqlx.SelectContext(ctx, db, &registered, `SELECT calendar_no, zone, rules, phase FROM usage_calendars ORDER BY calendar_no`)
	return registered, pool.Translate(err)
}

// ReadyCalendars returns the calendars by whose days and months sums may be read, that of
// UTC first.
func ReadyCalendars(ctx context.Context, db sqlx.QueryerContext) ([]usage.Calendar, error) {
	registered, err := RegisteredCalendars(ctx, db)
	calendars := []usage.Calendar{usage.UTCCalendar}
	for _, one := range registered {
		if calendar, same := one.Calendar(); same && one.Phase == string(Ready) {
			calendars = append(calendars, calendar)
		}
	}
	return calendars, err
}

package pool

import (
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"aiusage/db/member"
)

// SettingsFor are the statements that set a connection for what its server is.
func SettingsFor(server member.Member, options Options) []string {
	return newKiller(nil, options).settingsFor(server)
}

// Refuse has the server of a connection be known for one that may not be used, and closes the connection.
func Refuse(conn *sqlx.Conn) error {
	err := conn.Raw(func(raw any) error {
		own := raw.(*killable)
		own.killer.lookout.note(own.place, true, member.Member{Kind: member.Alone, Fixed: true, Refusal: "not this one"}, time.Now())
		return nil
	})
	Discard(conn)
	return err
}

// LookEvery is how old what is known of a server gets, at most.
const LookEvery = lookEvery

// AtAddress is a configuration for one of several servers.
func AtAddress(config *mysql.Config, address string) *mysql.Config { return atAddress(config, address) }

// CanEnd tells whether a connection with an id at host:port may end another.
func CanEnd(host, port string, id uint64, otherHost, otherPort string, otherID uint64) bool {
	return place{address: address{host: host, port: port}, id: id}.canEnd(place{address: address{host: otherHost, port: otherPort}, id: otherID})
}

// AlsoSet has one more variable set on every connection, until it is called.
func AlsoSet(name, value string) (restore func()) {
	before := settings
	settings = append(settings[:len(settings):len(settings)], Setting{name, value})
	return func() { settings = before }
}

// BelieveSettings makes the pool believe that a statement sets what the server has.
func (p *Pool) BelieveSettings(statement string) {
	p.settler.statement.Store(&statement)
}

// ShortName is what a function is called as a statement.
func ShortName(function string) string { return shortName(function) }

// StatementName is the name of a statement of the function that calls it.
func StatementName() string { return statementName() }

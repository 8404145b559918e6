package inspect

import (
	"regexp"
	"slices"
	"strings"
)

// Needed are the privileges that the gateway's user needs on its database: to read and write,
// and for migrate to make, change and index tables, with keys that lead from one to another,
// and triggers on that of the sessions.
func Needed() []string { return slices.Clone(needed) }

var needed = []string{"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX", "REFERENCES", "TRIGGER"}

// granted is a line of SHOW GRANTS on all databases, or on one: what it gives or takes away,
// and where.
var granted = regexp.MustCompile("^(GRANT|REVOKE) (.+?) ON (\\*|`(?:[^`]|``)+`)\\.\\* (?:TO|FROM) ")

// missing returns which of some privileges on a database the lines of SHOW GRANTS do not
// give. What is given on single tables or columns only does not count.
func missing(wanted, lines []string, database string) []string {
	held := map[string]bool{}
	for _, given := range []bool{true, false} { // what is revoked of it comes after
		for _, line := range lines {
			part := granted.FindStringSubmatch(line)
			if part == nil || (part[1] == "GRANT") != given || !covers(part[3], database, given) {
				continue
			}
			for privilege := range strings.SplitSeq(part[2], ",") {
				held[strings.ToUpper(strings.TrimSpace(privilege))] = given
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(privilege string) bool {
		return held[privilege] || held["ALL PRIVILEGES"] || held["ALL"]
	})
}

// covers tells whether a grant on a pattern of names is one on a database. In a grant, _ and
// % stand for any character and any number of them unless a backslash is before them; in a
// revocation they stand for themselves.
func covers(pattern, database string, wildcards bool) bool {
	if pattern == "*" {
		return true
	}
	pattern = strings.ReplaceAll(pattern[1:len(pattern)-1], "``", "`")
	if !wildcards {
		return strings.EqualFold(pattern, database)
	}
	var expression strings.Builder
	expression.WriteString("(?is)^")
	escaped := false
	for _, char := range pattern {
		switch {
		case escaped:
			expression.WriteString(regexp.QuoteMeta(string(char)))
			escaped = false
		case char == '\\':
			escaped = true
		case char == '_':
			expression.WriteString(".")
		case char == '%':
			expression.WriteString(".*")
		default:
			expression.WriteString(regexp.QuoteMeta(string(char)))
		}
	}
	expression.WriteString("$")
	return regexp.MustCompile(expression.String()).MatchString(database)
}

// grant is the statement that gives privileges on a database to a user as CURRENT_USER has
// it. The name of a database is not a pattern in it.
func grant(privileges []string, database, user string) string {
	name := strings.NewReplacer("`", "``", "_", `\_`, "%", `\%`).Replace(database)
	return "GRANT " + strings.Join(privileges, ", ") + " ON `" + name + "`.* TO " + account(user) + ";"
}

// account is a user as CURRENT_USER has it, as statements want it.
func account(user string) string {
	name, host := user, "%"
	if at := strings.LastIndex(user, "@"); at >= 0 {
		name, host = user[:at], user[at+1:]
	}
	return quoted(name) + "@" + quoted(host)
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

package answer

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"aiusage/usage"
)

// kind is what an identity is of.
type kind byte

const (
	ofReport          kind = 'r'
	ofTotals          kind = 't'
	ofAccountRow      kind = 'a'
	ofAccountTotals   kind = 'A'
	ofWithoutCustomer kind = 'w'
	ofCustomerRow     kind = 'c'
	ofCustomerTotals  kind = 'C'
	ofPoint           kind = 'p'
	ofAccountPoint    kind = 'q'
	ofCustomerPoint   kind = 'Q'
	ofAccount         kind = 'n'
	ofCustomer        kind = 'N'
	ofViewer          kind = 'v'
	ofSession         kind = 's'
)

// hasReport tells whether what it is of belongs to a report.
func (k kind) hasReport() bool {
	return k != ofAccount && k != ofCustomer && k != ofViewer && k != ofSession
}

// isPoint tells whether it is a point of a series.
func (k kind) isPoint() bool { return k == ofPoint || k == ofAccountPoint || k == ofCustomerPoint }

// level is what usage has to be told apart by to find it.
func (k kind) level() usage.Level {
	switch k {
	case ofAccountRow, ofAccountTotals, ofAccountPoint:
		return usage.ByAccount
	case ofWithoutCustomer, ofCustomerRow, ofCustomerTotals, ofCustomerPoint:
		return usage.ByCustomer
	}
	return usage.Together
}

// identity is what an id stands for: an account, a customer, a viewer, a session, or a part of the report of a
// query. It holds what was asked and never who asked, nor when: whoever has it is answered
// within their own scope.
type identity struct {
	part
	query usage.Query
}

// part is what an identity is beside its report, of which there are as many as rows.
type part struct {
	kind    kind
	subject usage.Subject
	// viewer is the name that a viewer is known by.
	viewer string
	// session is the id of a session, as it is.
	session string
	// step and from are those of a point.
	step usage.Step
	from time.Time
}

// identityVersion is the first byte of what an id is made of. An id of another version is
// none.
const identityVersion = 1

// The forms of a report in an id: all that was asked for, or a digest of it.
const (
	wholeForm  = 0
	digestForm = 1
)

// maxReportBytes is the longest form of a report in the ids of its rows and all else of which
// there are many: a list of a thousand accounts in each of ten thousand rows would be
// megabytes. Longer ones are digests, which tell objects apart but cannot be looked up.
const maxReportBytes = 256

// encoding is that of ids: what URLs, headers and JSON take as it is.
var encoding = base64.RawURLEncoding

// errNoIdentity says that a text is not an id. Callers do not see it.
var errNoIdentity = errors.New("not an id")

// reportForm is what was asked for, the same for questions that mean the same.
func reportForm(query usage.Query) []byte {
	form := appendText([]byte{wholeForm}, query.Zone.String())
	form = appendInstant(form, query.Range.From)
	form = appendInstant(form, query.Range.To)
	form = appendIDs(form, query.AccountID, query.AccountIDs)
	return appendIDs(form, query.CustomerID, query.CustomerIDs)
}

// prefixOf is the beginning of all ids of a kind of a report, in whole groups of three bytes,
// so that what follows is encoded by itself.
func prefixOf(of kind, form []byte) string {
	prefix := append([]byte{identityVersion, byte(of)}, form...)
	for len(prefix)%3 != 0 {
		prefix = append(prefix, 0)
	}
	return encoding.EncodeToString(prefix)
}

// shortForm is a form as ids have it of which there are many.
func shortForm(form []byte) []byte {
	if len(form) <= maxReportBytes {
		return form
	}
	sum := sha256.Sum256(form)
	return append([]byte{digestForm}, sum[:18]...)
}

func appendText(form []byte, text string) []byte {
	return append(binary.AppendUvarint(form, uint64(len(text))), text...)
}

// appendInstant appends an instant, and 0 for none.
func appendInstant(form []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(form, 0)
	}
	return binary.AppendUvarint(binary.AppendVarint(append(form, 1), t.Unix()), uint64(t.Nanosecond()))
}

// appendIDs appends the ids that are asked for, by one and by any of some, and 0 for all.
func appendIDs(form []byte, one string, some []string) []byte {
	switch {
	case one == "" && some == nil:
		return append(form, 0)
	case one != "" && (some == nil || slices.Contains(some, one)):
		some = []string{one}
	case one != "":
		some = nil // both at once, which is nobody
	}
	form = binary.AppendUvarint(append(form, 1), uint64(len(some)))
	for _, id := range some {
		form = appendText(form, id)
	}
	return form
}

// canonicalID is an id as the tables compare it. Spaces alone stay one.
func canonicalID(id string) string {
	if trimmed := usage.TrimID(id); trimmed != "" || id == "" {
		return trimmed
	}
	return " "
}

// tail is what an id has after its report.
func (i *part) tail(space []byte) []byte {
	if i.subject.AccountID != "" {
		space = appendText(space, canonicalID(i.subject.AccountID))
	}
	if i.subject.CustomerID != "" {
		space = appendText(space, canonicalID(i.subject.CustomerID))
	}
	if i.kind == ofViewer {
		space = appendText(space, i.viewer)
	}
	if i.kind == ofSession {
		space = appendText(space, i.session)
	}
	if i.kind.isPoint() {
		space = appendInstant(appendText(space, string(i.step)), i.from)
	}
	return space
}

// text is the id of an identity.
func (i identity) text() string {
	var form []byte
	if i.kind.hasReport() {
		if form = reportForm(i.query); i.kind != ofReport {
			form = shortForm(form)
		}
	}
	return prefixOf(i.kind, form) + encoding.EncodeToString(i.tail(nil))
}

// parseIdentity reads an id. Any other text, and an id with a digest, is errNoIdentity.
func parseIdentity(text string) (identity, error) {
	document, err := encoding.DecodeString(text)
	if err != nil || len(document) < 3 || document[0] != identityVersion {
		return identity{}, errNoIdentity
	}
	r, i := form{rest: document[2:]}, identity{part: part{kind: kind(document[1])}}
	if i.kind.hasReport() {
		i.query = r.query()
	}
	for read := len(document) - len(r.rest); read%3 != 0 && len(r.rest) > 0; read++ {
		r.rest = r.rest[1:]
	}
	switch i.kind {
	case ofReport, ofTotals, ofPoint:
	case ofAccountRow, ofAccountTotals, ofWithoutCustomer, ofAccountPoint, ofAccount:
		i.subject.AccountID = r.id()
	case ofCustomerRow, ofCustomerTotals, ofCustomerPoint, ofCustomer:
		i.subject.AccountID, i.subject.CustomerID = r.id(), r.id()
	case ofViewer:
		i.viewer = r.text()
	case ofSession:
		i.subject.AccountID, i.session = r.id(), r.text()
		r.wrong = r.wrong || i.session == "" || !utf8.ValidString(i.session)
	default:
		return identity{}, errNoIdentity
	}
	if i.kind.isPoint() {
		i.step, i.from = usage.Step(r.text()), r.instant()
	}
	// Each object has one id: what is written in another way is none.
	if i.kind.isPoint() && !slices.Contains(usage.Steps, i.step) {
		return identity{}, errNoIdentity
	}
	if r.wrong || len(r.rest) > 0 || i.text() != text {
		return identity{}, errNoIdentity
	}
	return i, nil
}

// form reads what ids are made of.
type form struct {
	rest  []byte
	wrong bool
}

func (f *form) byte() byte {
	if len(f.rest) == 0 {
		f.wrong = true
		return 0
	}
	first := f.rest[0]
	f.rest = f.rest[1:]
	return first
}

func (f *form) number() uint64 {
	n, length := binary.Uvarint(f.rest)
	if length <= 0 {
		f.wrong = true
		return 0
	}
	f.rest = f.rest[length:]
	return n
}

func (f *form) text() string {
	length := f.number()
	if f.wrong || length > uint64(len(f.rest)) {
		f.wrong = true
		return ""
	}
	text := string(f.rest[:length])
	f.rest = f.rest[length:]
	return text
}

// id reads an id, which is not empty.
func (f *form) id() string {
	id, err := usage.FilterID(usage.ArgID, f.text())
	f.wrong = f.wrong || err != nil || id == ""
	return id
}

func (f *form) instant() time.Time {
	if f.byte() != 1 {
		return time.Time{} // what is neither 0 nor 1 is written in another way
	}
	seconds, length := binary.Varint(f.rest)
	if length <= 0 || seconds < earliest || seconds > latest {
		f.wrong = true
		return time.Time{}
	}
	f.rest = f.rest[length:]
	nanoseconds := f.number()
	f.wrong = f.wrong || nanoseconds >= uint64(time.Second)
	return time.Unix(seconds, int64(nanoseconds)).UTC()
}

// earliest and latest are the seconds since 1970 between which instants are understood.
var earliest, latest = time.Time{}.Unix(), usage.Latest.Unix() + 1

// ids reads a list of ids, which is nil for all of them.
func (f *form) ids(argument usage.Argument) (one string, some []string) {
	if f.byte() != 1 {
		return "", nil
	}
	count := f.number()
	if count > usage.MaxFilterIDs {
		f.wrong = true
	}
	some = []string{}
	for range count {
		if f.wrong {
			return "", nil
		}
		some = append(some, f.id())
	}
	sorted, err := usage.FilterIDs(argument, some)
	f.wrong = f.wrong || err != nil || !slices.Equal(sorted, some)
	if len(some) == 1 {
		return some[0], nil
	}
	return "", some
}

// query reads the query of a report.
func (f *form) query() (query usage.Query) {
	if f.byte() != wholeForm {
		f.wrong = true // a digest
		return usage.Query{Zone: time.UTC}
	}
	zone, err := usage.LoadZone(usage.ArgTimeZone, f.text())
	if err != nil {
		f.wrong, zone = true, time.UTC
	}
	query.Zone, query.Range = zone, usage.Range{From: f.instant(), To: f.instant()}
	query.AccountID, query.AccountIDs = f.ids(usage.ArgAccountIDs)
	query.CustomerID, query.CustomerIDs = f.ids(usage.ArgCustomerIDs)
	query.Accounts = query.AccountIDs
	query.StartsBy, query.EndsBy = usage.ArgID, usage.ArgID
	return query
}

// prefixes are the beginnings of the ids of a report and its parts, by their kind, which is a letter.
type prefixes [128]string

func prefixesOf(query usage.Query) *prefixes {
	whole := reportForm(query)
	short, all := shortForm(whole), &prefixes{ofReport: prefixOf(ofReport, whole)}
	for _, of := range []kind{ofTotals, ofAccountRow, ofAccountTotals, ofWithoutCustomer, ofCustomerRow, ofCustomerTotals, ofPoint, ofAccountPoint, ofCustomerPoint} {
		all[of] = prefixOf(of, short)
	}
	return all
}

// append appends the id of a part of the report whose prefixes they are.
func (p *prefixes) append(document []byte, of part) []byte {
	var space [64]byte
	return encoding.AppendEncode(append(document, p[of.kind]...), of.tail(space[:0]))
}

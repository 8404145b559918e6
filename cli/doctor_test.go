package cli

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aiusage/db"
	"aiusage/db/inspect"
)

// certificateFor writes a certificate that holds for some time, and its key.
func certificateFor(t *testing.T, from, to time.Time) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to, DNSNames: []string{"usage.example.com"}, IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, bytes []byte) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
}

func TestCertificatesAreJudgedByTheirDates(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for name, test := range map[string]struct {
		from, to time.Duration
		want     inspect.Severity
		says     string
	}{
		"long":          {-day, 90 * day, inspect.Fine, "usage.example.com, 10.0.0.1"},
		"just enough":   {-day, renewalDue, inspect.Fine, ""},
		"soon over":     {-day, renewalDue - time.Second, inspect.Warning, "in 20 days"},
		"over":          {-2 * day, -time.Second, inspect.Problem, "which is over"},
		"not begun yet": {time.Hour, 90 * day, inspect.Problem, "has not begun"},
	} {
		certFile, keyFile := certificateFor(t, now.Add(test.from), now.Add(test.to))
		found := examineCertificate(certFile, keyFile, now)
		if found.Severity != test.want || !strings.Contains(found.Says, test.says) {
			t.Errorf("%s: got %+v", name, found)
		}
	}
	certFile, _ := certificateFor(t, now, now.Add(day))
	_, otherKey := certificateFor(t, now, now.Add(day))
	if found := examineCertificate(certFile, otherKey, now); found.Severity != inspect.Problem {
		t.Errorf("with another's key: got %+v", found)
	}
}

type provider struct {
	count int
	err   error
}

func (p provider) FetchKeys(context.Context) (int, error) { return p.count, p.err }

func TestAProviderThatCannotBeReachedIsAProblem(t *testing.T) {
	c := doctorCommand{}
	c.JWTIssuer = "https://id.example.com"
	for want, tokens := range map[string]provider{
		"problem its keys cannot be had: no such host":          {0, errors.New("no such host")},
		"ok tokens are signed with the shared secret alone":     {0, nil},
		"ok https://id.example.com has 2 keys that can be used": {2, nil},
	} {
		found := c.examineProvider(t.Context(), tokens)
		if got := string(found.Severity) + " " + found.Says; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestOnlyOtherMachinesAreRemote(t *testing.T) {
	for dsn, want := range map[string]bool{
		"": false, "u:p@tcp(127.0.0.1:3306)/d": false, "u:p@tcp(localhost)/d": false, "u:p@tcp([::1]:3306)/d": false, "u:p@unix(/run/s)/d": false,
		"u:p@tcp(db.internal:3306)/d": true, "u:p@tcp(10.0.0.5)/d": true, "u:p@tcp([2001:db8::1]:3306)/d": true,
	} {
		if got := isRemote(dsn); got != want {
			t.Errorf("%q: got %v", dsn, got)
		}
	}
}

func TestRollupsAreJudged(t *testing.T) {
	ready := db.RollupStatus{Phase: db.Ready}
	with := func(change func(*db.RollupStatus)) db.RollupStatus {
		status := ready
		change(&status)
		return status
	}
	for name, test := range map[string]struct {
		status   db.RollupStatus
		embedded bool
		zone     string
		want     string
	}{
		"ready":             {ready, false, "UTC", "ok ok ok"},
		"embedded":          {db.RollupStatus{Phase: db.Raw}, true, "UTC", "ok"},
		"distrusted":        {with(func(s *db.RollupStatus) { s.Distrusted = true }), false, "UTC", "warning ok ok"},
		"raw":               {db.RollupStatus{Phase: db.Raw, Reason: "no triggers"}, false, "UTC", "warning ok ok"},
		"filling":           {db.RollupStatus{Phase: db.Filling}, false, "UTC", "warning ok ok"},
		"former":            {db.RollupStatus{Phase: db.Filling, Former: db.Ready}, false, "UTC", "note ok ok"},
		"behind":            {with(func(s *db.RollupStatus) { s.Pending, s.Lag = 7, longLag+1 }), false, "UTC", "ok warning ok"},
		"not behind":        {with(func(s *db.RollupStatus) { s.Pending, s.Lag = 7, longLag }), false, "UTC", "ok ok ok"},
		"without days":      {ready, false, "Europe/Berlin", "ok ok note"},
		"with days":         {with(func(s *db.RollupStatus) { s.Calendars = []db.CalendarStatus{{Zone: "Europe/Berlin", Phase: "ready"}} }), false, "Europe/Berlin", "ok ok ok"},
		"with days of old":  {with(func(s *db.RollupStatus) { s.Calendars = []db.CalendarStatus{{Zone: "Europe/Berlin", Phase: "stale"}} }), false, "Europe/Berlin", "ok ok note"},
		"with others' days": {with(func(s *db.RollupStatus) { s.Calendars = []db.CalendarStatus{{Zone: "Asia/Tokyo", Phase: "ready"}} }), false, "Europe/Berlin", "ok ok note"},
	} {
		var got []string
		for _, found := range examineRollups(test.status, test.embedded, test.zone) {
			got = append(got, string(found.Severity))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestTheAgeOfAReplicaIsJudged(t *testing.T) {
	seen := func(ago time.Duration) db.Freshness {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		return db.Freshness{Now: now, Follows: true, Seen: now.Add(-ago)}
	}
	for name, test := range map[string]struct {
		age    db.Freshness
		tooOld error
		want   string
	}{
		"a server of its own": {db.Freshness{}, nil, ""},
		"not known":           {db.Freshness{Follows: true}, nil, "note"},
		"hardly behind":       {seen(longBehind), nil, "ok"},
		"far behind":          {seen(longBehind + 1), nil, "warning"},
		"refused":             {seen(time.Second), errors.New("too old"), "problem"},
	} {
		got := ""
		for _, found := range examineAge(test.age, test.tooOld) {
			got += string(found.Severity)
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// All that is wrong with a configuration is told at once, whatever else is, and people and
// programs are told the same.
func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "none")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	run := func(format string) (string, string, int) {
		var out, errs bytes.Buffer
		status := Run(t.Context(), []string{"doctor", "--data", folder, "--connections", "1", "--time-zone", "Mars/Olympus", "--session-idle", "0s",
			"--listen", taken.Addr().String(), "--tls-cert", folder, "--tls-key", folder, "--format", format}, nil, &out, &errs,
			&EmbeddedDatabase{Has: func(string) bool { return false }, Start: func(context.Context, string) (*RunningDatabase, error) {
				return nil, errors.New("nobody is to start it")
			}})
		return out.String(), errs.String(), status
	}
	text, errs, status := run("text")
	if status != exitFailure || !strings.Contains(errs, "problems found: 4") {
		t.Errorf("status %d, %s", status, errs)
	}
	for _, want := range []string{"--connections is 1", "Mars/Olympus", "--session-idle must be longer", "is in use", "--tls-cert and --tls-key: stat", "note     data folder: there is no database"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s\nlacks %q", text, want)
		}
	}
	written, _, _ := run("json")
	if strings.Count(written, `"about":`) != strings.Count(text, "\nok")+strings.Count("\n"+text, "\nproblem")+strings.Count(text, "\nnote") {
		t.Errorf("%s\nis not\n%s", written, text)
	}
}

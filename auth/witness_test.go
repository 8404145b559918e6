package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"aiusage/usage"
)

// The kind of credentials is that of those which are looked at: of a header before a session.
func TestWhatCredentialsARequestHas(t *testing.T) {
	basic := func(name, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
	}
	session := strings.Repeat("s", base64.RawURLEncoding.EncodedLen(sessionIDBytes))
	for _, c := range []struct{ header, session, want string }{
		{"", "", NoCredential}, {"", session, SessionCredential}, {"", "short", NoCredential},
		{"Bearer aiu_1", "", APIKeyCredential}, {"bearer  aiu_1 ", session, APIKeyCredential}, {"BEARER e.y.j", session, TokenCredential}, {"Bearer", "", TokenCredential},
		{basic("aiu_1", ""), "", APIKeyCredential}, {basic("aiu_1", "x"), "", PasswordCredential}, {basic("ada", ""), session, PasswordCredential}, {basic("ada", "x"), "", PasswordCredential},
		{"Digest aiu_1", "", NoCredential}, {"Digest aiu_1", session, SessionCredential}, {"aiu_1", "", NoCredential},
	} {
		r := &http.Request{Header: http.Header{}}
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		if c.session != "" {
			r.Header.Set(sessionHeader, c.session)
		}
		if got := CredentialOf(r); got != c.want {
			t.Errorf("%q and session %q: %s, want %s", c.header, c.session, got, c.want)
		}
	}
}

// What became of credentials has one word, whatever is wrapped around the reason.
func TestWhatBecameOfCredentials(t *testing.T) {
	for _, c := range []struct {
		credential string
		err        error
		want       string
	}{
		{PasswordCredential, nil, "ok"}, {PasswordCredential, ErrWrongCredentials, "wrong"}, {TokenCredential, ErrInvalidToken, "invalid"},
		{SessionCredential, ErrNoCredentials, "over"}, {NoCredential, ErrNoCredentials, "none"}, {PasswordCredential, ErrNoCredentials, "none"}, {SessionCredential, ErrCrossSite, "cross_site"},
		{SessionCredential, ErrWrongCredentials, "wrong"}, {PasswordCredential, usage.Errorf(usage.TooManyRequests, "later"), "too_many"},
		{APIKeyCredential, usage.Errorf(usage.Unavailable, "away"), "away"}, {APIKeyCredential, usage.Errorf(usage.Timeout, "slow"), "away"}, {APIKeyCredential, usage.Errorf(usage.Canceled, "gone"), "gone"},
		{APIKeyCredential, usage.Errorf(usage.PermissionDenied, "no"), "refused"}, {APIKeyCredential, usage.Errorf(usage.Unauthenticated, "no"), "refused"}, {APIKeyCredential, errors.New("fault"), "failed"},
	} {
		if got := ResultOf(c.credential, c.err); got != c.want {
			t.Errorf("%s, %v: %s, want %s", c.credential, c.err, got, c.want)
		}
		if c.err == nil {
			continue
		}
		if got := ResultOf(c.credential, fmt.Errorf("signing in: %w", c.err)); got != c.want {
			t.Errorf("%s, %v, wrapped: %s, want %s", c.credential, c.err, got, c.want)
		}
	}
}

// A witness is told of each question as it may be asked, or as it was where it may not be; and
// nobody need be there. What is refused names the argument.
func TestQuestionsHaveAWitness(t *testing.T) {
	one := NewContext(t.Context(), Principal{Name: "bo", Roles: []string{AccountAdministrator}, Accounts: []string{"a"}})
	var told usage.Query
	var why error
	ctx := WithWitness(one, func(_ context.Context, query usage.Query, err error) { told, why = query, err })
	if got, err := Restrict(ctx, usage.Query{}); err != nil || why != nil || !slices.Equal(got.Accounts, []string{"a"}) || !slices.Equal(told.Accounts, []string{"a"}) {
		t.Errorf("may be asked: got %+v, %v; told %+v, %v", got, err, told, why)
	}
	for _, who := range []context.Context{ctx, one} {
		got, err := Restrict(who, usage.Query{AccountID: "b"})
		coded, _ := errors.AsType[*usage.Error](err)
		if coded == nil || coded.Code != usage.PermissionDenied || coded.Argument != usage.ArgAccountID || got.AccountID != "" {
			t.Errorf("may not be asked: got %+v, %v", got, err)
		}
	}
	if told.AccountID != "b" || why == nil {
		t.Errorf("may not be asked: told %+v, %v", told, why)
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"aiusage/auth"
	"aiusage/gateway"
	"aiusage/usage"
)

// caller is somebody who may ask, in every way of saying who they are.
type caller struct {
	user, token, key string
}

const (
	password = "benchmark"
	secret   = "a secret of the benchmark's callers"
)

// newCaller adds a user and an API key to a database.
func newCaller(ctx context.Context, p *place) (c caller, err error) {
	c.user = fmt.Sprint("bench-", time.Now().UnixNano()) // a database that was kept has that of the run before
	hash, err := auth.HashPassword(password)
	if err != nil {
		return c, err
	}
	if err := p.store.AddUser(ctx, auth.User{Name: c.user, PasswordHash: hash, Roles: []string{auth.SystemAdministrator}}); err != nil {
		return c, err
	}
	text, key, err := auth.NewAPIKey(c.user, auth.SystemAdministrator, nil, time.Now(), time.Time{})
	if err == nil {
		err = p.store.AddAPIKey(ctx, key)
	}
	if err != nil {
		return c, err
	}
	c.key = text
	c.token, err = newToken(auth.SystemAdministrator, nil)
	return c, err
}

// newToken returns the token of somebody with a role and accounts.
func newToken(role string, accounts []string) (string, error) {
	claims := jwt.MapClaims{"sub": "bench", "roles": role, "accounts": accounts, "exp": time.Now().Add(24 * time.Hour).Unix()}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
}

func (c caller) byToken(r *http.Request)    { r.Header.Set("Authorization", "Bearer "+c.token) }
func (c caller) byKey(r *http.Request)      { r.Header.Set("Authorization", "Bearer "+c.key) }
func (c caller) byPassword(r *http.Request) { r.SetBasicAuth(c.user, password) }

// server is a gateway on a database.
type server struct {
	*httptest.Server
	caller
}

// serve starts a gateway with a default zone.
func serve(p *place, c caller, zone *time.Location) (*server, error) {
	tokens, err := auth.NewTokens(auth.TokenOptions{Secret: []byte(secret)})
	if err != nil {
		return nil, err
	}
	handler, err := gateway.New(gateway.Config{Store: p.store, Zone: zone, Auth: auth.Options{Tokens: tokens}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return &server{httptest.NewServer(handler), c}, nil
}

// ask asks a question over HTTP, as somebody with a JWT, and returns the body of the
// answer.
func (s *server) ask(ctx context.Context, q question, query usage.Query) ([]byte, error) {
	r, err := s.request(ctx, q, query)
	if err != nil {
		return nil, err
	}
	return send(r)
}

// request makes the request of a question. Its caller may see the question's accounts.
func (s *server) request(ctx context.Context, q question, query usage.Query) (*http.Request, error) {
	if q.document.selection == "" {
		r, err := s.legacy(ctx, query)
		if err == nil {
			s.byToken(r)
		}
		return r, err
	}
	variables := map[string]any{"accountId": q.request.AccountID, "startDate": q.request.StartDate, "endDate": q.request.EndDate}
	if !q.zone.isDefault {
		variables["timeZone"] = q.zone.name
	}
	body, err := json.Marshal(map[string]any{"variables": variables,
		"query": `query($accountId:ID,$startDate:String,$endDate:String,$timeZone:String){aiUsage(accountId:$accountId,startDate:$startDate,endDate:$endDate,timeZone:$timeZone){` +
			q.document.selection + `}}`})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+gateway.GraphQLPath, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json") // errors have a status
	s.byToken(r)
	if q.accounts != nil {
		token, err := newToken(auth.AccountAdministrator, q.accounts)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r, nil
}

// legacy makes a request as old callers do. It has instants, since days would be those
// of the gateway's default zone.
func (s *server) legacy(ctx context.Context, query usage.Query) (*http.Request, error) {
	values := url.Values{"format": {"csv"}}
	if query.AccountID != "" {
		values.Set("AccountId", query.AccountID)
	}
	if !query.Range.From.IsZero() {
		values.Set("StartDate", query.Range.From.UTC().Format(time.RFC3339Nano))
	}
	if !query.Range.To.IsZero() {
		values.Set("EndDate", query.Range.To.UTC().Format(time.RFC3339Nano))
	}
	return http.NewRequestWithContext(ctx, http.MethodGet, s.URL+gateway.LegacyPath+"?"+values.Encode(), nil)
}

// client takes answers as they are: compressing them is not what is measured.
var client = &http.Client{Transport: &http.Transport{DisableCompression: true}}

// send sends a request and reads the answer, which must be a good one.
func send(r *http.Request) ([]byte, error) {
	response, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.300s", response.Status, body)
	}
	return body, err
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"aiusage/auth"
	"aiusage/gateway"
	"aiusage/usage"
)

// server is a gateway on a database, with a caller of every kind.
type server struct {
	*httptest.Server
	token, key string
}

const (
	user     = "bench"
	password = "benchmark"
	secret   = "a secret of the benchmark's callers"
)

func serve(ctx context.Context, p *place) (*server, error) {
	s := &server{}
	hash, err := auth.HashPassword(password)
	if err != nil {
		return nil, err
	}
	if err := p.store.AddUser(ctx, auth.User{Name: user, PasswordHash: hash, Roles: []string{auth.SystemAdministrator}}); err != nil {
		return nil, err
	}
	text, key, err := auth.NewAPIKey("benchmark", auth.SystemAdministrator, nil, time.Now(), time.Time{})
	if err == nil {
		err = p.store.AddAPIKey(ctx, key)
	}
	if err != nil {
		return nil, err
	}
	s.key = text
	if s.token, err = newToken(auth.SystemAdministrator, nil); err != nil {
		return nil, err
	}
	tokens, err := auth.NewTokens(auth.TokenOptions{Secret: []byte(secret)})
	if err != nil {
		return nil, err
	}
	handler, err := gateway.New(gateway.Config{Store: p.store, Auth: auth.Options{Tokens: tokens}, Log: quiet})
	if err != nil {
		return nil, err
	}
	s.Server = httptest.NewServer(handler)
	return s, nil
}

// newToken returns the token of somebody with a role and accounts.
func newToken(role string, accounts []string) (string, error) {
	claims := jwt.MapClaims{"sub": user, "roles": role, "accounts": accounts, "exp": time.Now().Add(24 * time.Hour).Unix()}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
}

func (s *server) byToken(r *http.Request)    { r.Header.Set("Authorization", "Bearer "+s.token) }
func (s *server) byKey(r *http.Request)      { r.Header.Set("Authorization", "Bearer "+s.key) }
func (s *server) byPassword(r *http.Request) { r.SetBasicAuth(user, password) }

// get asks for a report as a legacy caller does, in CSV, which is the least that
// can be written for it, and reads the answer.
func (s *server) get(ctx context.Context, request usage.Request, by func(*http.Request)) error {
	values := url.Values{"format": {"csv"}}
	for name, value := range map[string]string{"AccountId": request.AccountID, "StartDate": request.StartDate, "EndDate": request.EndDate} {
		if value != "" {
			values.Set(name, value)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/ai/usage?"+values.Encode(), nil)
	if err != nil {
		return err
	}
	by(r)
	return send(r)
}

// ask asks a question over HTTP, as somebody with a JWT.
func (s *server) ask(ctx context.Context, q question) error {
	if q.graphQL == "" {
		return s.get(ctx, q.request, s.byToken)
	}
	token := s.token
	if q.accounts != nil {
		var err error
		if token, err = newToken(auth.AccountAdministrator, q.accounts); err != nil {
			return err
		}
	}
	query := `query($accountId:ID,$startDate:String,$endDate:String){aiUsage(accountId:$accountId,startDate:$startDate,endDate:$endDate){` + q.graphQL + `}}`
	body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]string{
		"accountId": q.request.AccountID, "startDate": q.request.StartDate, "endDate": q.request.EndDate,
	}})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+gateway.GraphQLPath, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json") // errors have a status
	r.Header.Set("Authorization", "Bearer "+token)
	return send(r)
}

// send sends a request and reads the answer, which must be a good one.
func send(r *http.Request) error {
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	size, err := io.Copy(io.Discard, response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s, %d bytes", response.Status, size)
	}
	return err
}

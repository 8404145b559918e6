package main

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"aiusage/db"
	"aiusage/sample"
	"aiusage/usage"
)

// The year that sessions are spread over. Its end is fixed, so that every run has the
// same data.
var (
	yearFrom = time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC)
	yearTo   = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
)

// population is whose sessions there are.
type population struct {
	accounts  []string
	customers [][]string // of each account
}

func (s settings) population() population {
	var p population
	for account := range s.accounts {
		p.accounts = append(p.accounts, fmt.Sprintf("sample-acc-%04d", account+1))
		var customers []string
		for customer := range s.customers {
			customers = append(customers, fmt.Sprintf("sample-cus-%06d", account*s.customers+customer+1))
		}
		p.customers = append(p.customers, customers)
	}
	return p
}

// one is the account that is asked for by itself, and some those of somebody who may
// see 50.
func (p population) one() string    { return p.accounts[min(9, len(p.accounts)-1)] }
func (p population) some() []string { return p.accounts[:min(50, len(p.accounts))] }

// sessions makes sessions up, in the order of their starts. Starts and durations are
// those of package sample; accounts and customers have equally many, one session in
// twenty being of no customer. So spread, sessions have the most sums that as many
// can have, which is the worst case of everything that reads or folds sums.
func (p population) sessions(seed uint64, count int, from, to time.Time) iter.Seq[usage.Session] {
	days := int(to.Sub(from)/(24*time.Hour)) + 1 // the last day is that of Now, on which none starts
	return func(yield func(usage.Session) bool) {
		draw := rand.New(rand.NewPCG(seed, 0))
		for session := range sample.Sessions(sample.Config{Seed: seed, Now: to.Add(-time.Millisecond), Sessions: count, Days: days - 1}) {
			account := draw.IntN(len(p.accounts))
			session.AccountID, session.CustomerID = p.accounts[account], ""
			if draw.IntN(20) > 0 {
				session.CustomerID = p.customers[account][draw.IntN(len(p.customers[account]))]
			}
			if !yield(session) {
				return
			}
		}
	}
}

// names gives every account and customer a name.
func (p population) names(ctx context.Context, store *db.Store) error {
	var accounts []usage.Account
	for i, id := range p.accounts {
		accounts = append(accounts, usage.Account{AccountID: id, Name: fmt.Sprint("Sample Account ", i+1)})
		var customers []usage.Customer
		for j, customer := range p.customers[i] {
			customers = append(customers, usage.Customer{AccountID: id, CustomerID: customer, Name: fmt.Sprint("Sample Customer ", i*len(p.customers[i])+j+1)})
		}
		if _, err := store.WriteCustomers(ctx, customers); err != nil {
			return err
		}
	}
	_, err := store.WriteAccounts(ctx, accounts)
	return err
}

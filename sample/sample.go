// Package sample makes up AI sessions, accounts and customers: for trying the
// gateway without data of one's own, and for measuring it with as much as one
// likes. Every id begins with "sample-" and every name with "Sample ", so that
// nobody takes them for real ones.
//
// What it makes depends on nothing but the Config: the same one gives the same
// rows on every machine.
package sample

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"aiusage/usage"
)

// Config says how much to make up. The zero value of a number means its default.
type Config struct {
	// Seed chooses among equally plausible data.
	Seed uint64
	// Now is the instant up to which sessions start.
	Now time.Time
	// Sessions is the exact number of sessions, 25,000 by default.
	Sessions int
	// Accounts is the number of accounts, 20 by default. Their sizes differ:
	// the first is by far the largest.
	Accounts int
	// Customers is the number of customers of all accounts together, 200 by
	// default. Each belongs to one account. Where there are fewer than two per
	// account, small accounts may have none.
	Customers int
	// Days is the number of calendar days (UTC) that sessions are spread over,
	// the day of Now being the last. 90 by default.
	Days int
}

func (c Config) withDefaults() Config {
	orDefault := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	orDefault(&c.Sessions, 25_000)
	orDefault(&c.Accounts, 20)
	orDefault(&c.Customers, 200)
	orDefault(&c.Days, 90)
	return c
}

// Accounts returns the accounts, ordered by id: sample-acc-01 and so on.
func Accounts(config Config) []usage.Account {
	c := config.withDefaults()
	ids := numbered("sample-acc-", c.Accounts, 2)
	accounts := make([]usage.Account, c.Accounts)
	for i := range accounts {
		accounts[i] = usage.Account{AccountID: ids[i], Name: accountName(i)}
	}
	return accounts
}

// Customers returns the customers, ordered by account id and customer id:
// sample-cus-001 and so on.
func Customers(config Config) []usage.Customer {
	c := config.withDefaults()
	accounts := numbered("sample-acc-", c.Accounts, 2)
	ids := numbered("sample-cus-", c.Customers, 3)
	customers := make([]usage.Customer, 0, c.Customers)
	for account := range accounts {
		for i := c.firstCustomer(account); i < c.firstCustomer(account+1); i++ {
			customers = append(customers, usage.Customer{
				AccountID: accounts[account], CustomerID: ids[i], Name: customerName(i),
			})
		}
	}
	return customers
}

// firstCustomer returns the index of an account's first customer. The customers
// of account a are those from firstCustomer(a) up to firstCustomer(a+1): many
// for the first accounts, few for the last ones.
func (c Config) firstCustomer(account int) int {
	return int(float64(c.Customers) * math.Sqrt(float64(account)/float64(c.Accounts)))
}

// Sessions returns the sessions, ordered by their start. They are made while
// being read, so their number is not limited by memory. About one in twenty has
// no customer. Starts follow the hours of a working week, durations are those
// of conversations: mostly minutes, some broken off at once, a few very long.
//
// No session starts after Now. Unless Now is midnight (UTC), some start on its day.
func Sessions(config Config) iter.Seq[usage.Session] {
	c := config.withDefaults()
	return func(yield func(usage.Session) bool) {
		draw := drawing{rand.New(rand.NewPCG(c.Seed, 0x5a4d504c45))}
		accounts := numbered("sample-acc-", c.Accounts, 2)
		customers := numbered("sample-cus-", c.Customers, 3)
		scramble := draw.Uint64()
		for i, start := range c.starts(draw) {
			account := draw.skewed(c.Accounts)
			session := usage.Session{
				SessionID:       sessionID(scramble + uint64(i)),
				AccountID:       accounts[account],
				StartedAt:       time.UnixMilli(start).UTC(),
				DurationSeconds: draw.duration(),
			}
			first, end := c.firstCustomer(account), c.firstCustomer(account+1)
			if !draw.oneIn(20) && first < end {
				session.CustomerID = customers[first+draw.skewed(end-first)]
			}
			if !yield(session) {
				return
			}
		}
	}
}

// sessionID makes the n-th id. Like those of most platforms the ids are in no
// order, which matters to how fast a database takes them in. They are unique
// because the scrambling (the finalizer of SplitMix64) can be undone.
func sessionID(n uint64) string {
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	n ^= n >> 31
	const digits = "0123456789abcdef"
	id := [23]byte([]byte("sample-0000000000000000"))
	for i := len(id) - 1; n > 0; i-- {
		id[i] = digits[n&15]
		n >>= 4
	}
	return string(id[:])
}

// numbered returns count ids: the prefix and a number from 1, padded with
// zeros to one width so that the order of the ids is that of the numbers.
func numbered(prefix string, count, width int) []string {
	width = max(width, len(strconv.Itoa(count)))
	ids := make([]string, count)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s%0*d", prefix, width, i+1)
	}
	return ids
}

// accountName names the i-th account after a made-up company.
func accountName(i int) string {
	places := []string{"Harbor", "Maple", "Summit", "River", "Cedar", "Lakeside", "Orchard"}
	trades := []string{"Dental", "Logistics", "Hotels", "Insurance", "Telecom", "Pharmacy", "Motors", "Energy", "Travel"}
	name := "Sample " + places[i%len(places)] + " " + trades[i%len(trades)]
	if round := i / (len(places) * len(trades)); round > 0 {
		name += " " + strconv.Itoa(round+1)
	}
	return name
}

// customerName names the i-th customer.
func customerName(i int) string { return "Sample Customer " + strconv.Itoa(i+1) }

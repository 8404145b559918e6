package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// document is what is asked over HTTP: a GraphQL document, or the legacy operation in
// CSV, which is the least that can be written for it.
type document struct {
	// selection is what is selected of the report; empty asks the legacy operation.
	selection string
	// customersOnly tells that usage without a customer is not in the answer.
	customersOnly bool
	decode        func(body []byte) (answer, error)
}

// answer is the body of an answer, decoded.
type answer struct {
	// encode makes the same bytes of it again, which is what encoding them costs whoever
	// has the numbers.
	encode func() ([]byte, error)
	// minutes is the sum of all rows.
	minutes int64
}

// read decodes an answer, and makes sure that encoding it makes the same bytes.
func (d *document) read(body []byte) (answer, error) {
	decoded, err := d.decode(body)
	if err != nil {
		return answer{}, fmt.Errorf("%w: %.300s", err, body)
	}
	again, err := decoded.encode()
	if err != nil {
		return answer{}, err
	}
	if !bytes.Equal(bytes.TrimSuffix(body, []byte("\n")), bytes.TrimSuffix(again, []byte("\n"))) {
		return answer{}, fmt.Errorf("an answer is not what was selected:\n%.300s\n%.300s", body, again)
	}
	return decoded, nil
}

// graphQL is a document whose answer has the type T.
func graphQL[T any](selection string, minutes func(T) int64) *document {
	return &document{selection: selection, decode: func(body []byte) (answer, error) {
		var response struct {
			Data struct {
				AIUsage T `json:"aiUsage"`
			} `json:"data"`
		}
		if err := json.Unmarshal(body, &response); err != nil {
			return answer{}, err
		}
		return answer{func() ([]byte, error) { return json.Marshal(response) }, minutes(response.Data.AIUsage)}, nil
	}}
}

// The parts of answers, with their fields in the order of the selections below.
type (
	sums struct {
		AIMinutes int64 `json:"aiMinutes"`
		AISeconds int64 `json:"aiSeconds"`
		Sessions  int64 `json:"sessions"`
	}
	minutesOnly struct {
		AIMinutes int64 `json:"aiMinutes"`
	}
	point struct {
		From time.Time `json:"from"`
		minutesOnly
	}
	accountRow struct {
		AccountID string `json:"accountId"`
		minutesOnly
	}
	customerRow struct {
		AccountID  string `json:"accountId"`
		CustomerID string `json:"customerId"`
		minutesOnly
	}
)

func (m minutesOnly) minutes() int64 { return m.AIMinutes }

// minutesOf adds up the minutes of rows or points.
func minutesOf[T interface{ minutes() int64 }](rows []T) (total int64) {
	for _, row := range rows {
		total += row.minutes()
	}
	return total
}

var totals = graphQL("totals{aiMinutes aiSeconds sessions}", func(a struct {
	Totals sums `json:"totals"`
}) int64 {
	return a.Totals.AIMinutes
})

var series = graphQL("series(granularity:DAY){from aiMinutes}", func(a struct {
	Series []point `json:"series"`
}) int64 {
	return minutesOf(a.Series)
})

var accounts = graphQL("accountUsage{accountId aiMinutes}", func(a struct {
	AccountUsage []accountRow `json:"accountUsage"`
}) int64 {
	return minutesOf(a.AccountUsage)
})

var customers = ofCustomers(graphQL("customerUsage{accountId customerId aiMinutes}", func(a struct {
	CustomerUsage []customerRow `json:"customerUsage"`
}) int64 {
	return minutesOf(a.CustomerUsage)
}))

var accountsWithCustomers = graphQL("accountUsage{accountId aiMinutes customerUsage{customerId aiMinutes}}", func(a struct {
	AccountUsage []struct {
		accountRow
		CustomerUsage []struct {
			CustomerID string `json:"customerId"`
			minutesOnly
		} `json:"customerUsage"`
	} `json:"accountUsage"`
}) int64 {
	return minutesOf(a.AccountUsage)
})

var customersDaily = ofCustomers(graphQL("accountUsage{customerUsage{customerId series(granularity:DAY){aiMinutes}}}", func(a struct {
	AccountUsage []struct {
		CustomerUsage []struct {
			CustomerID string        `json:"customerId"`
			Series     []minutesOnly `json:"series"`
		} `json:"customerUsage"`
	} `json:"accountUsage"`
}) (minutes int64) {
	for _, account := range a.AccountUsage {
		for _, customer := range account.CustomerUsage {
			minutes += minutesOf(customer.Series)
		}
	}
	return minutes
}))

// dashboard is what a frontend asks for at once: names, shares, the month before, a
// series, and the ten largest customers week by week.
var dashboard = graphQL(`totals{aiMinutes aiSeconds sessions} previous{totals{aiMinutes}} series(granularity:DAY){from aiMinutes}
	accountUsage{account{accountId name} aiMinutes share previous{aiMinutes}}
	customerUsageConnection(first:10,orderBy:{field:AI_MINUTES,direction:DESC}){
		nodes{customer{customerId name} aiMinutes series(granularity:WEEK){from aiMinutes}} pageInfo{hasNextPage}}`,
	func(a struct {
		Totals   sums `json:"totals"`
		Previous struct {
			Totals minutesOnly `json:"totals"`
		} `json:"previous"`
		Series       []point `json:"series"`
		AccountUsage []struct {
			Account struct {
				AccountID string  `json:"accountId"`
				Name      *string `json:"name"`
			} `json:"account"`
			AIMinutes int64        `json:"aiMinutes"`
			Share     *float64     `json:"share"`
			Previous  *minutesOnly `json:"previous"`
		} `json:"accountUsage"`
		CustomerUsageConnection struct {
			Nodes []struct {
				Customer struct {
					CustomerID string  `json:"customerId"`
					Name       *string `json:"name"`
				} `json:"customer"`
				AIMinutes int64   `json:"aiMinutes"`
				Series    []point `json:"series"`
			} `json:"nodes"`
			PageInfo struct {
				HasNextPage bool `json:"hasNextPage"`
			} `json:"pageInfo"`
		} `json:"customerUsageConnection"`
	}) int64 {
		return a.Totals.AIMinutes
	})

func ofCustomers(d *document) *document {
	d.customersOnly = true
	return d
}

// legacyCSV is the legacy operation: two cells, with the accounts and the customers.
var legacyCSV = ofCustomers(&document{decode: func(body []byte) (answer, error) {
	lines := bytes.Split(body, []byte("\r\n"))
	if len(lines) < 2 {
		return answer{}, fmt.Errorf("no two lines")
	}
	list, of, _ := bytes.Cut(lines[1], []byte(`","`))
	var accounts []accountRow
	for _, found := range csvAccount.FindAllSubmatch(list, -1) {
		accounts = append(accounts, accountRow{string(found[1]), minutesOnly{number(found[2])}})
	}
	var customers []customerRow
	for _, found := range csvCustomer.FindAllSubmatch(of, -1) {
		customers = append(customers, customerRow{string(found[1]), string(found[2]), minutesOnly{number(found[3])}})
	}
	return answer{func() ([]byte, error) { return appendCSV(nil, accounts, customers), nil }, minutesOf(customers)}, nil
}})

var (
	csvAccount  = regexp.MustCompile(`\{accountId:([^,}]*),aiMinutes:(\d+)\}`)
	csvCustomer = regexp.MustCompile(`\{accountId:([^,}]*),customerId:([^,}]*),aiMinutes:(\d+)\}`)
)

func number(text []byte) int64 {
	n, _ := strconv.ParseInt(string(text), 10, 64) // digits only, and encoding it has to give them again
	return n
}

func appendCSV(b []byte, accounts []accountRow, customers []customerRow) []byte {
	b = append(b, "AccountUsage,CustomerUsage\r\n\"["...)
	for i, a := range accounts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, "{accountId:"...), a.AccountID...)
		b = append(strconv.AppendInt(append(b, ",aiMinutes:"...), a.AIMinutes, 10), '}')
	}
	b = append(b, `]","[`...)
	for i, c := range customers {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, "{accountId:"...), c.AccountID...)
		b = append(append(b, ",customerId:"...), c.CustomerID...)
		b = append(strconv.AppendInt(append(b, ",aiMinutes:"...), c.AIMinutes, 10), '}')
	}
	return append(b, "]\"\r\n"...)
}

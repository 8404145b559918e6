package mcp

import (
	"context"
	"slices"

	"aiusage/resolvers/answer"
	"aiusage/usage"
)

var (
	firstFound = count(argFirst, maxFound, "20", "How many are listed at most.")
	found      = argument{name: usage.ArgSearch, kind: "string",
		says: "A text that their id or name has in it, whatever the case and the accents. At most 255 characters. Absent, all."}
	ofAccount = argument{name: usage.ArgAccountID, kind: "string", says: "List the customers of the account with this id instead of accounts."}
)

var findAccounts = tool{
	name: "find_accounts", title: "Find accounts and customers",
	says: "Accounts by their name or id, or with accountId the customers of an account, each with its usage in a range, so that those of similar names can be told apart. " +
		"In the order of ids, a page at a time.",
	arguments: slices.Concat([]argument{found, ofAccount}, span, []argument{firstFound, after}),
	output:    schemaOf[Found](),
	ask:       askAccounts,
}

// Found is the answer of find_accounts.
type Found struct {
	About
	Found []Row  `json:"found" jsonschema:"accounts or customers, in the order of their ids, with their usage in the range"`
	Next  string `json:"next,omitempty" jsonschema:"there are more; what to ask for as after, for the next page"`

	ofCustomers bool
}

// listed is an account or a customer of a page, and what reads its usage.
type listed struct {
	account  answer.Account
	customer *answer.Customer
	usage    func(usage.Query) (*answer.Report, error)
	cursor   string
}

func askAccounts(q *question) (reply, error) {
	query, err := q.query(usage.Together)
	if err != nil {
		return nil, err
	}
	found := &Found{Found: []Row{}, ofCustomers: query.AccountID != ""}
	return found, q.inTurn(query, func(ctx context.Context) error {
		ctx, reading := q.Resolver.Reading(ctx)
		defer reading.Close()
		page, more, err := q.list(ctx)
		if err != nil {
			return err
		}
		// An account that is asked for by a wrong id has nothing, and the answer an instant all the same.
		report, err := reading.Report(query)
		if err != nil {
			return err
		}
		found.About = q.about(query, report.AsOf, view{search: q.given[usage.ArgSearch]})
		if err := found.take(ctx, query, page); err != nil {
			return err
		}
		if shown := len(found.Found); shown > 0 && (more || shown < len(page)) {
			found.Next = page[shown-1].cursor
		}
		return nil
	})
}

// list returns a page of accounts or of customers, and whether there is another one.
func (q *question) list(ctx context.Context) (page []listed, more bool, err error) {
	search, first, after, account := q.given[usage.ArgSearch], int32(q.given.number(firstFound)), q.given[argAfter], q.given[usage.ArgAccountID]
	if account == "" {
		connection, err := q.Resolver.Query().Accounts(ctx, &search, &first, &after, nil, nil)
		if err != nil {
			return nil, false, err
		}
		for _, edge := range connection.Edges {
			page = append(page, listed{edge.Node, nil, edge.Node.Usage, edge.Cursor})
		}
		return page, connection.PageInfo.HasNextPage, nil
	}
	connection, err := q.Resolver.Query().Customers(ctx, &account, &search, &first, &after, nil, nil)
	if err != nil {
		return nil, false, err
	}
	for _, edge := range connection.Edges {
		page = append(page, listed{edge.Node.Account(), &edge.Node, edge.Node.Usage, edge.Cursor})
	}
	return page, connection.PageInfo.HasNextPage, nil
}

// take takes a page, with the usage in the range of a query.
func (f *Found) take(ctx context.Context, query usage.Query, page []listed) error {
	for _, one := range page {
		whose, err := whoseOf(ctx, one.account, one.customer)
		if err != nil {
			return err
		}
		query.AccountID, query.CustomerID = whose.AccountID, whose.CustomerID
		report, err := one.usage(query)
		if err != nil {
			return err
		}
		amount, err := amountOf(report.Totals)
		if err != nil {
			return err
		}
		f.Found = append(f.Found, Row{whose, amount})
	}
	shown, err := fitting(f.Found)
	f.Found = f.Found[:shown]
	return err
}

// text implements reply.
func (f *Found) text() string {
	w := &words{}
	what := "Accounts, with their AI usage"
	if f.ofCustomers {
		what = "Customers of an account, with their AI usage"
	}
	w.begin(what, f.About)
	for i, row := range f.Found {
		w.line("%d. %s: %v", i+1, row.inWords(f.ofCustomers), row.Amount)
	}
	w.line("Shown: %d.", len(f.Found))
	w.next(f.Next)
	return w.finish(f.About)
}

import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import '../styles/base.css';
import '../styles/controls.css';
import './graphiql.css';
import { GraphiQL } from 'graphiql';
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Header, type Person } from '../shell/header';
import { useTheme } from '../theme/theme';
import { Examples } from './examples-menu';
import { examples } from './examples';
import { fetcher } from './fetcher';
import { storage } from './storage';
import { whoIsAsking } from './who';

function Page() {
  const [person, setPerson] = useState<Person | null>();
  const theme = useTheme();
  useEffect(() => {
    void whoIsAsking().then(setPerson);
  }, []);
  return (
    <>
      <Header current="graphiql" person={person} />
      <main className="graphiql-page">
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          shouldPersistHeaders={false}
          defaultTabs={examples.slice(0, 1).map(({ query }) => ({ query }))}
          forcedTheme={theme}
          showPersistHeadersSettings={false}
        >
          <GraphiQL.Logo><Examples /></GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}

createRoot(document.getElementById('root')!).render(<StrictMode><Page /></StrictMode>);

/** What the application needs to know of a surface. */
import type { Context, Hono } from 'hono';
import type { Surface } from '../../ports.ts';
import type { SurfaceEnv } from './surface-env.ts';

/** What decides which surface a request belongs to. */
export interface RequestAddress {
  readonly method: string;
  /** Canonical: as the router sees it. */
  readonly path: string;
  /** The query as it was sent, without `?`. Empty: none. */
  readonly query: string;
}

export interface SurfaceDefinition {
  readonly name: Surface;
  /** Whether a request belongs to this surface, from its address alone. */
  readonly owns: (address: RequestAddress) => boolean;
  readonly routes: Hono<SurfaceEnv>;
  /** Answers an error in the form of the surface. Refusals before its routes come here too. */
  readonly answerError: (error: Error, c: Context<SurfaceEnv>) => Promise<Response>;
}

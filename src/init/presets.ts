/** All presets, in the order in which `init` offers them. */
import type { Preset } from './preset.ts';
import { auth0 } from './presets/auth0.ts';
import { authing } from './presets/authing.ts';
import { casdoor } from './presets/casdoor.ts';
import { clerk } from './presets/clerk.ts';
import { cognito } from './presets/cognito.ts';
import { entraId } from './presets/entra-id.ts';
import { firebase } from './presets/firebase.ts';
import { generic } from './presets/generic.ts';
import { githubActions } from './presets/github-actions.ts';
import { gitlabCi } from './presets/gitlab-ci.ts';
import { google } from './presets/google.ts';
import { idaas } from './presets/idaas.ts';
import { keycloak } from './presets/keycloak.ts';
import { kubernetes } from './presets/kubernetes.ts';
import { okta } from './presets/okta.ts';
import { supabase } from './presets/supabase.ts';

export const PRESETS: readonly Preset[] = [
  auth0,
  okta,
  keycloak,
  entraId,
  google,
  firebase,
  cognito,
  supabase,
  clerk,
  githubActions,
  gitlabCi,
  kubernetes,
  idaas,
  authing,
  casdoor,
  generic,
];

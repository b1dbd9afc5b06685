/** Writes the `s.yaml` that deploys the broker to Function Compute: the project's own, with the operator's values. */

export interface Deployment {
  /** e.g. `cn-hangzhou` */
  readonly region: string;
  /** The ID of the account that the function and its role are in. */
  readonly account: string;
  /** The folder of the build, seen from the file. */
  readonly code: string;
}

export function writeSYaml({ region, account, code }: Deployment): string {
  return `# Deploys the broker to Function Compute 3.0 with Serverless Devs: see docs/deployment.md
edition: 3.0.0
name: oss-token-broker
access: default

vars:
  region: ${region}

resources:
  broker:
    component: fc3
    props:
      region: \${vars.region}
      functionName: oss-token-broker
      description: Hands out short-lived, downscoped STS credentials for OSS in exchange for a JWT

      # Only a custom runtime serves several requests in one instance. They share the issuer keys, the
      # source credentials and the cached credentials.
      runtime: custom.debian10
      customRuntimeConfig:
        # the Node that the build puts beside the broker; the platform's own gets no security fixes any more
        command: [/code/node]
        args: [main.cjs]
        port: 9000
        healthCheckConfig:
          httpGetUrl: /health
          initialDelaySeconds: 1
          periodSeconds: 5
          timeoutSeconds: 1
          failureThreshold: 3
          successThreshold: 1
      # what \`npm run build\` writes in a copy of the project's source; the npm package does not hold it
      code: ${code}
      environmentVariables:
        # the output of \`oss-token-broker compile\` or \`npm run compile\`, next to main.cjs
        BROKER_CONFIG: /code/broker.json
        # or a config in OSS, which changes without a deployment; the role below needs oss:GetObject on it
        # BROKER_CONFIG: oss://oss-token-broker-config/broker.json
        # BROKER_CONFIG_REGION: ${region}
        # BROKER_CONFIG_ENDPOINT: internal

      # The role that signs AssumeRole. It needs no other permission, except to read its config: see docs/deployment.md.
      role: acs:ram::${account}:role/oss-token-broker

      # A request takes a signature check and sometimes one call to STS: little memory, a third of a core.
      cpu: 0.35
      memorySize: 512
      diskSize: 512
      instanceConcurrency: 100
      timeout: 30

      instanceLifecycleConfig:
        # POST /initialize: loads keys, source credentials and the SDK before the first request
        initializer: { handler: initializer, timeout: 20 }
        # GET /pre-stop: finishes the requests in flight
        preStop: { handler: pre-stop, timeout: 15 }

      # Standard output is the audit log.
      logConfig: auto

      triggers:
        - triggerName: http
          triggerType: http
          triggerConfig:
            # The broker authenticates every caller itself. \`authType: jwt\` could add an outer check, but
            # it verifies one fixed key and neither issuer nor audience.
            authType: anonymous
            methods: [GET, POST, HEAD, OPTIONS]

      # For a VPC, with the internal endpoint of STS (\`sts: { network: vpc }\` in broker.yaml) and limits
      # that all instances share in Redis or Tair (\`store.redisUrlFrom\` in broker.yaml):
      #
      # vpcConfig:
      #   vpcId: vpc-xxxxxxxx
      #   vSwitchIds: [vsw-xxxxxxxx]
      #   securityGroupId: sg-xxxxxxxx
      # internetAccess: true # issuer keys are on the internet
`;
}

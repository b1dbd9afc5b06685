// What the operator of the broker told you.
export const BROKER_URL = 'https://broker.example.com';
export const GRANT = 'user-files';
export const ISSUER = 'https://login.example.com';
export const CLIENT_ID = 'my-app';

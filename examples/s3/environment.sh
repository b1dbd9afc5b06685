# Where OSS is for a client of S3.
export AWS_ENDPOINT_URL_S3=https://s3.oss-cn-hangzhou.aliyuncs.com
export AWS_REGION=cn-hangzhou AWS_DEFAULT_REGION=cn-hangzhou
# OSS takes no aws-chunked bodies
export AWS_REQUEST_CHECKSUM_CALCULATION=when_required AWS_RESPONSE_CHECKSUM_VALIDATION=when_required

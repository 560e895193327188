"""The API's requests and answers; the OpenAPI document is made from them."""

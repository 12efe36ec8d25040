/* Next payment: the same decisions in another generation. */
#include "svc-payment/payment_service.h"
#include "test/kafka/next.h"

int main(int argc, char **argv)
{
    return next_main(argc, argv, &payment_service, NULL);
}

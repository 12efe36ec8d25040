/* Next product: the same decisions in another generation. */
#include "next.h"
#include "svc-product/product_service.h"

int main(int argc, char **argv)
{
    evt_program_exit(next_main(argc, argv, &product_service, NULL));
}
